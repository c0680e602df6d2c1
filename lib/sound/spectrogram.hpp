// Spectrograms of sounds: kinds in a registry, each described in docs/spectrograms.md.
//
// Every sound is analysed at its own rate: nothing is resampled, and the bands' frequencies are the
// same at every rate. A frame depends on no sample after its end, unless `align: centred` says so.
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

// What a kind makes of sounds of one rate, at one frame width.
class FilterBank {
 public:
  FilterBank() = default;
  virtual ~FilterBank() = default;
  FilterBank(const FilterBank&) = delete;
  FilterBank& operator=(const FilterBank&) = delete;

  // Fills frames (F, T), T = before + frame_count + after; silence around the samples. Sees samples
  // that are numbers. The same bits for every number of threads.
  virtual void analyse(std::span<const float> samples, const Frames& frames, int threads,
                       Array<float>& out) const = 0;
};

// A spectrogram as its configuration describes it, before any sound is known.
struct SpectrogramOptions {
  std::string kind = {};
  std::vector<double> frequencies_hz = {};  // (F) band centres, ascending; of every sound
  double power = 1;              // a sound of c times the amplitude has c^power times the values
  double highest_hz = 0;         // that a sound has to hold: at most half its rate
  std::string highest_key = {};  // that sets it: "max_hz"
  std::vector<std::string> warnings = {};  // to tell the user: frames that look ahead
  CompressionOptions compression = {};
  // Whether sounds of different rates have the same values; else those of a higher rate are larger.
  bool same_at_every_rate = true;
  // For a rate and frame width; ConfigError at the key that does not go with them.
  std::function<std::unique_ptr<FilterBank>(double rate_hz, double dt_ms)> build = {};
};

// Reads, checks and documents every key of `node`, the mapping `spectrogram`, `compression`
// included. ConfigError before any sound is opened.
SpectrogramOptions read_spectrogram(config::Node& node);

// "log_frequency" first, which is the default.
const std::vector<std::string>& spectrogram_kinds();

// The spectrogram of a sound, (F, T), every value at least 0; not compressed: compress() comes when
// the loudest value of all sounds is known. DataError naming the sound: not sound (check_sound),
// a rate that does not hold the highest frequency, frames of less than two samples. ConfigError
// where a key does not go with rate and frame width.
Array<float> spectrogram(const Sound& sound, const SpectrogramOptions& options,
                         const Frames& frames, int threads = 1);

}  // namespace strffit
