#include "sound/audio.hpp"

#ifdef STRFFIT_SNDFILE
#include <sndfile.h>
#endif

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "sound/audio_header.hpp"
#include "sound/number.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

constexpr double kLargestSample = 1e9;

std::string too_long(const std::string& samples) {
  return fmt::format(
      "has {} samples per channel; at most {} are read (6 hours at 48 kHz): cut it into the sounds "
      "that were played",
      samples, kMostSamples);
}

// Checks the samples from `first` on.
void check_samples(const Sound& sound, std::size_t first) {
  for (std::size_t i = first; i < sound.samples.size(); ++i) {
    const double sample = sound.samples[i];
    if (std::abs(sample) <= kLargestSample) continue;
    throw DataError(
        sound.name, "",
        fmt::format("sample {} ({} s) is {}, not an amplitude: the file is damaged, or was written "
                    "with an error; write it again",
                    i, in_words(static_cast<double>(i) / sound.rate_hz), in_words(sample)));
  }
}

#ifdef STRFFIT_SNDFILE

struct Closed {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

struct OpenSound {
  std::unique_ptr<SNDFILE, Closed> file;
  SF_INFO info;
};

OpenSound open_sound(const std::string& path) {
  check_audio_file(path);
  OpenSound sound{nullptr, {}};
  sound.file.reset(sf_open(path.c_str(), SFM_READ, &sound.info));
  if (!sound.file) {
    throw DataError(path, "",
                    std::string("cannot be read as a sound (") + sf_strerror(nullptr) +
                        "): it is damaged, or of a format that libsndfile does not support; "
                        "convert it, for instance with \"ffmpeg -i IN OUT.wav\"");
  }
  if (sound.info.samplerate < 1) {
    throw DataError(path, "",
                    fmt::format("its header gives a rate of {} samples per second: it is damaged; "
                                "write it again with the right rate",
                                sound.info.samplerate));
  }
  if (sound.info.channels < 1) throw DataError(path, "", "has no channel: it is damaged");
  return sound;
}

// Samples per channel according to the header, or -1.
std::int64_t promised(const SF_INFO& info) {
  return info.frames > 0 && info.frames < SF_COUNT_MAX ? info.frames : -1;
}

#else

[[noreturn]] void no_library(const std::string& path) {
  throw RunError(path +
                 ": this strffit was built without libsndfile and reads no audio files; "
                 "install libsndfile1-dev (conda: libsndfile) and build it again");
}

#endif

}  // namespace

void check_sound(const Sound& sound) {
  if (!(sound.rate_hz > 0) || std::isinf(sound.rate_hz)) {
    throw DataError(
        sound.name, "",
        "has a rate of " + in_words(sound.rate_hz) + " samples per second; give the right rate");
  }
  if (sound.samples.empty()) throw DataError(sound.name, "", "has no samples");
  if (static_cast<std::int64_t>(sound.samples.size()) > kMostSamples) {
    throw DataError(sound.name, "", too_long(std::to_string(sound.samples.size())));
  }
  check_samples(sound, 0);
}

#ifdef STRFFIT_SNDFILE

AudioInfo audio_info(const std::string& path) {
  const auto sound = open_sound(path);
  return {static_cast<double>(sound.info.samplerate), sound.info.channels, promised(sound.info)};
}

Sound read_audio(const std::string& path, int channel) {
  const auto open = open_sound(path);
  const int channels = open.info.channels;
  if (channel == 0 && channels > 1) {
    throw DataError(
        path, "",
        fmt::format("has {0} channels; set \"channel\" to the one with the sound, from 1 to {0}",
                    channels));
  }
  if (channel < 0 || channel > channels) {
    throw DataError(path, "",
                    fmt::format("has no channel {}, only {}", channel,
                                channels == 1 ? "one: leave \"channel\" out"
                                              : fmt::format("channels 1 to {}", channels)));
  }
  const auto says = promised(open.info);
  if (says > kMostSamples) throw DataError(path, "", too_long(std::to_string(says)));

  Sound sound{path, {}, static_cast<double>(open.info.samplerate)};
  // Reserves at most what the file can hold uncompressed, whatever its header says; compressed
  // files make the vector grow.
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  sound.samples.reserve(static_cast<std::size_t>(std::clamp<std::int64_t>(says, 0, 2 * bytes)));
  const std::int64_t block = std::max(1, 65536 / channels);
  std::vector<float> buffer(static_cast<std::size_t>(block * channels));
  const auto which = static_cast<std::int64_t>(std::max(channel - 1, 0));
  for (;;) {
    const auto found =
        static_cast<std::int64_t>(sf_readf_float(open.file.get(), buffer.data(), block));
    if (found <= 0) break;
    const auto first = sound.samples.size();
    if (static_cast<std::int64_t>(first) + found > kMostSamples) {
      throw DataError(path, "", too_long("more"));
    }
    for (std::int64_t i = 0; i < found; ++i) {
      sound.samples.push_back(buffer[static_cast<std::size_t>(i * channels + which)]);
    }
    check_samples(sound, first);
  }
  const auto found = static_cast<std::int64_t>(sound.samples.size());
  if (sf_error(open.file.get()) != SF_ERR_NO_ERROR || (says >= 0 && found < says)) {
    throw DataError(path, "",
                    fmt::format("ends or is damaged after {} of {} samples; copy it again", found,
                                says < 0 ? "an unknown number of" : fmt::format("{}", says)));
  }
  if (found == 0) throw DataError(path, "", "has no samples");
  return sound;
}

std::string audio_library_version() {
  const std::string text = sf_version_string();  // "libsndfile-1.2.0"
  return text.substr(text.find('-') + 1);
}

#else

AudioInfo audio_info(const std::string& path) { no_library(path); }
Sound read_audio(const std::string& path, int) { no_library(path); }
std::string audio_library_version() { return "none (no audio files are read)"; }

#endif

}  // namespace strffit
