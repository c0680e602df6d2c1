// A dataset of neurons with known receptive fields, for demonstrations, teaching and tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"

namespace strffit {

struct SimulateOptions {
  std::int64_t units = 8;           // >= 1
  std::int64_t stimuli = 20;        // >= 1; 70 % train, 15 % choose, 15 % test
  double seconds = 4;               // a stimulus, > 0
  std::int64_t bands = 32;          // >= 1
  double min_frequency_hz = 500;    // > 0
  double max_frequency_hz = 20000;  // > min_frequency_hz
  double dt_ms = 5;                 // frame width, > 0
  std::int64_t trials = 10;         // >= 1
  double rate_hz = 40;              // mean firing rate, > 0: the more spikes, the less noise
  std::uint64_t seed = 0;
};

struct Simulation {
  Dataset dataset;  // `file` and `sha256` are empty
  Truth truth;
};

// Sounds of moving ripples with a 1/f modulation spectrum; neurons with one excitatory peak and an
// inhibitory flank, a rectified output and Poisson spikes. The same everywhere for the same seed.
// ConfigError where an option is out of range.
Simulation simulate(const SimulateOptions& options = {});

// Such neurons listening to spectrograms (bands, frames) that come from elsewhere, one a stimulus;
// `seconds` counts for nothing. ConfigError where an option is out of range or their number is not
// `stimuli`.
Simulation simulate(const SimulateOptions& options, std::vector<Array<float>> spectrograms);

// Keys of the simulated stimuli, in their order: "sound_01", ... ConfigError where an option is out
// of range.
std::vector<std::string> simulated_sound_keys(const SimulateOptions& options);

// A moving ripple: a sinusoid along time and octaves (Kowalski, Depireux & Shamma 1996).
struct Ripple {
  double rate_hz;            // of its modulation; its sign is the direction
  double cycles_per_octave;  // of its modulation
  double amplitude;          // of the logarithm of the sound's amplitude
  double phase;              // radians

  // Phase at this many octaves above the lowest band, at the beginning.
  double start(double octaves) const;
};

// What the level of sound number `sound` (from 0) is the sum of.
std::vector<Ripple> sound_ripples(const SimulateOptions& options, std::int64_t sound);

}  // namespace strffit
