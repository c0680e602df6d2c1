// libFuzzer target: no bytes make the readers of spikes by sound (text, pprox, NEMS, CSV) do
// anything but read them, or refuse them as a DataError. The size chooses the reader.
#include <cstdlib>

#include "fuzz/hdf5_input.hpp"
#include "import/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strffit::import;
  strffit::test::with_file(data, size, [&](const std::string& file) {
    // A file of its own name stands for the sound.
    const std::string sources[] = {
        "{trials: \"" + file.substr(0, file.rfind('/') + 1) +
            "{sound}.h5\", unit: ms, absent_sounds: skip}",
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
        file.substr(file.rfind('/') + 1, file.size() - file.rfind('/') - 4);
    Reading reading;
    const Responses responses = manifest.responses(reading, sounds);
    if (responses.ids.empty()) std::abort();
  });
  return 0;
}
