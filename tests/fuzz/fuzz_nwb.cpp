// libFuzzer target: no bytes make the readers of NWB (sounds, presentations, spikes) do anything
// but read them, or refuse them as a DataError; what they read is as the assembly needs it.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "fuzz/hdf5_input.hpp"
#include "import/manifest.hpp"
#include "util/errors.hpp"

namespace {

using namespace strffit::import;

void expect(bool holds) {
  if (!holds) std::abort();
}

void read_all(const std::string& file) {
  const std::string nwb = "{nwb: \"" + file + "\"";
  const Manifest manifest =
      read_manifest_text("sounds: " + nwb + ", channel: 1}\npresentations: " + nwb +
                             ", sound: stimuli_name, absent_sounds: skip}\nspikes: " + nwb + "}\n",
                         "fuzz.yaml", "");
  Reading reading;
  Sounds sounds;
  try {
    sounds = manifest.sounds(reading);
    for (const auto& sound : sounds.list) {
      const strffit::Sound wave = sound.waveform();
      strffit::check_sound(wave);
    }
  } catch (const strffit::DataError& error) {  // the other two may be whole
    expect(std::string(error.what()).starts_with(file));
    sounds.list.resize(1);
    sounds.list[0].key = sounds.list[0].name = sounds.list[0].label = "a";
  }
  try {
    for (const auto& one : manifest.presentations(reading, sounds)) {
      expect(one.sound < sounds.list.size() && std::isfinite(one.onset_s));
    }
  } catch (const strffit::DataError& error) {
    expect(std::string(error.what()).starts_with(file));
  }
  const Responses responses = manifest.responses(reading, sounds);
  const auto& units = std::get<ClockSpikes>(responses.values).units;
  expect(!responses.ids.empty() && units.size() == responses.ids.size());
  for (const auto& unit : units) {
    expect(std::is_sorted(unit.times_s.begin(), unit.times_s.end()));
    for (const auto& [from, to] : unit.observed) expect(from <= to);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  strffit::test::with_file(data, size, read_all);
  return 0;
}
