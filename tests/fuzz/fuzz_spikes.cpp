// libFuzzer target: no bytes make the readers of spikes by sound (text, pprox, NEMS, CSV) do
// anything but read them, or refuse them as a DataError. The size chooses the reader.
#include <cstdlib>

#include "fuzz/hdf5_input.hpp"
#include "import/manifest.hpp"
#include "util/errors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strffit::import;
  strffit::test::with_file(data, size, [&](const std::string& file) {
    // Part of the file's name stands for the sound; the rest, with the process, is of this file
    // alone.
    const auto name = file.rfind('/') + 1, process = file.rfind('-');
    const std::string pattern = file.substr(0, name) + "{sound}" + file.substr(process);
    const std::string sources[] = {
        "{trials: \"" + pattern + "\", unit: ms, absent_sounds: skip}",
        "{pprox: \"" + file + "\", unit: s, absent_sounds: skip}", "{nems: \"" + file + "\"}",
        "{csv: \"" + file +
            "\", id: unit, time: t, unit: ms, sound: sound, trial: trial, absent_sounds: "
            "skip}"};
    Manifest manifest = read_manifest_text(
        "sounds: {audio: \"*.wav\"}\nspikes: " + sources[size % 4] + "\n", "fuzz.yaml", "");
    Sounds sounds;
    sounds.list.resize(2);
    sounds.list[0].key = sounds.list[0].name = sounds.list[0].label = "a";
    sounds.list[1].key = sounds.list[1].name = sounds.list[1].label =
        file.substr(name, process - name);
    Reading reading;
    try {
      const Responses responses = manifest.responses(reading, sounds);
      if (responses.ids.empty()) std::abort();
    } catch (const strffit::DataError& error) {
      // What is said of all files of a pattern names the pattern.
      if (!std::string(error.what()).starts_with(pattern)) throw;
    }
  });
  return 0;
}
