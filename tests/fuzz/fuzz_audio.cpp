// libFuzzer target: no bytes make the reader of audio files do anything but read them, or refuse
// them as a DataError that names the file; what it reads are amplitudes, no more than are allowed.
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sound/audio.hpp"
#include "util/errors.hpp"

namespace {

// In memory where the system has such a folder.
std::string audio_file() {
  const std::filesystem::path memory = "/dev/shm";
  const auto folder =
      access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  return folder / ("strffit-fuzz-" + std::to_string(getpid()) + ".sound");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string file = audio_file();
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const auto info = strffit::audio_info(file);
    if (!(info.rate_hz > 0) || info.channels < 1) std::abort();
    const auto sound = strffit::read_audio(file, info.channels);
    strffit::check_sound(sound);
    const auto samples = static_cast<std::int64_t>(sound.samples.size());
    if (info.samples >= 0 && samples < info.samples) std::abort();
  } catch (const strffit::DataError& error) {
    if (!std::string(error.what()).starts_with(file)) std::abort();
  }
  std::filesystem::remove(file);
  return 0;
}
