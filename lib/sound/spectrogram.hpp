// Spectrograms of sounds. The kinds are in a registry and described in docs/spectrograms.md.
//
// Every sound is analysed at its own rate, without resampling, and the band frequencies are the
// same at every rate. No frame depends on samples after its end, except with `align: centred`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "sound/audio.hpp"
#include "sound/compression.hpp"
#include "sound/frames.hpp"
#include "util/array.hpp"

namespace strffit {

// Analyses sounds of one rate at one frame width.
class FilterBank {
 public:
  FilterBank() = default;
  virtual ~FilterBank() = default;
  FilterBank(const FilterBank&) = delete;
  FilterBank& operator=(const FilterBank&) = delete;

  // Fills the frames (F, T), T = before + frame_count + after; sound outside the samples is
  // silence. Samples must be numbers. Results are bitwise equal for any number of threads.
  virtual void analyse(std::span<const float> samples, const Frames& frames, int threads,
                       Array<float>& out) const = 0;
};

// A spectrogram as configured, before any sound is known.
struct SpectrogramOptions {
  std::string kind = {};
  std::vector<double> frequencies_hz = {};  // (F) band centres, ascending; for every sound
  double power = 1;                         // c times the amplitude gives c^power times the values
  double highest_hz = 0;                    // at most half the rate of every sound
  std::string highest_key = {};             // key that sets it: "max_hz"
  std::vector<std::string> warnings = {};   // for the user, for instance on frames that look ahead
  CompressionOptions compression = {};
  // True if values do not depend on the rate; otherwise they are larger at higher rates.
  bool same_at_every_rate = true;
  // ConfigError at a key that does not suit the rate and frame width.
  std::function<std::unique_ptr<FilterBank>(double rate_hz, double dt_ms)> build = {};
};

// Reads, checks and documents every key of `node`, the mapping `spectrogram`, with `compression`.
// ConfigError before any sound is opened.
SpectrogramOptions read_spectrogram(config::Node& node);

// All kinds; the first, "log_frequency", is the default.
const std::vector<std::string>& spectrogram_kinds();

// The spectrogram of a sound, (F, T), every value >= 0. Not compressed: compress() needs the
// loudest value of all sounds. DataError naming the sound if check_sound fails, its rate is too low
// for the highest frequency, or a frame has less than two samples. ConfigError if a key does not
// suit the rate and frame width.
Array<float> spectrogram(const Sound& sound, const SpectrogramOptions& options,
                         const Frames& frames, int threads = 1);

}  // namespace strffit
