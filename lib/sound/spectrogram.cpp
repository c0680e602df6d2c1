#include "sound/spectrogram.hpp"

#include <cmath>

#include "sound/number.hpp"
#include "util/errors.hpp"

namespace strffit {

#define STRFFIT_SPECTROGRAM(name) SpectrogramOptions name##_spectrogram(config::Node& node);
#include "sound/kinds.inc"
#undef STRFFIT_SPECTROGRAM

const std::vector<std::string>& spectrogram_kinds() {
  static const std::vector<std::string> kinds = {
#define STRFFIT_SPECTROGRAM(name) #name,
#include "sound/kinds.inc"
#undef STRFFIT_SPECTROGRAM
  };
  return kinds;
}

namespace {

SpectrogramOptions read_spectrogram_kind(const std::string& kind, config::Node& node) {
#define STRFFIT_SPECTROGRAM(name) \
  if (kind == #name) return name##_spectrogram(node);
#include "sound/kinds.inc"
#undef STRFFIT_SPECTROGRAM
  throw Bug("spectrogram kind " + kind + " is listed but not built");
}

void check_frames(const Sound& sound, const SpectrogramOptions& options, const Frames& frames) {
  if (!(frames.dt_ms > 0) || frames.before < 0 || frames.after < 0) {
    throw Bug("frames of no or negative width or number");
  }
  if (!(frames.dt_ms * sound.rate_hz / 1000 >= 2)) {
    throw DataError(sound.name, "",
                    "at its rate of " + in_words(sound.rate_hz) + " Hz a frame of " +
                        in_words(frames.dt_ms) +
                        " ms has less than two samples: give a larger dt_ms, or the right rate");
  }
  if (options.highest_hz > sound.rate_hz / 2) {
    throw DataError(sound.name, "",
                    "its rate of " + in_words(sound.rate_hz) + " Hz allows frequencies up to " +
                        in_words(sound.rate_hz / 2) + " Hz, but the spectrogram goes up to " +
                        in_words(options.highest_hz) + " Hz: lower " + options.highest_key +
                        ", or use a recording of this sound at a higher rate");
  }
}

}  // namespace

SpectrogramOptions read_spectrogram(config::Node& node) {
  const auto kind = node.choice("kind", spectrogram_kinds().front(), spectrogram_kinds(),
                                "kind of spectrogram: docs/spectrograms.md");
  auto options = read_spectrogram_kind(kind, node);
  options.kind = kind;
  auto compression = node.map("compression", "compression of the values");
  options.compression = read_compression(compression, options.power);
  return options;
}

Array<float> spectrogram(const Sound& sound, const SpectrogramOptions& options,
                         const Frames& frames, int threads) {
  check_sound(sound);
  check_frames(sound, options, frames);
  const auto bank = options.build(sound.rate_hz, frames.dt_ms);
  const auto T =
      frames.before +
      frame_count(static_cast<std::int64_t>(sound.samples.size()), sound.rate_hz, frames.dt_ms) +
      frames.after;
  Array<float> out({static_cast<std::int64_t>(options.frequencies_hz.size()), T});
  bank->analyse(sound.samples, frames, threads, out);
  return out;
}

}  // namespace strffit
