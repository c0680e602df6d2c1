// Simulated neurons with known receptive fields, for demonstrations, teaching and tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"

namespace strffit {

struct SimulateOptions {
  std::int64_t units = 8;           // >= 1
  std::int64_t stimuli = 20;        // >= 1; 70 % training, 15 % validation, 15 % test
  double seconds = 4;               // per stimulus, > 0
  std::int64_t bands = 32;          // >= 1
  double min_frequency_hz = 500;    // > 0
  double max_frequency_hz = 20000;  // > min_frequency_hz
  double dt_ms = 5;                 // frame width, > 0
  std::int64_t trials = 10;         // >= 1
  double rate_hz = 40;              // mean firing rate, > 0; more spikes mean less noise
  std::uint64_t seed = 0;
};

struct Simulation {
  Dataset dataset;  // `file` and `sha256` are empty
  Truth truth;
};

// Sounds are moving ripples with a 1/f modulation spectrum. Neurons have one excitatory peak, an
// inhibitory flank, a rectified output and Poisson spikes. The same seed gives the same dataset on
// every machine. ConfigError if an option is out of range.
Simulation simulate(const SimulateOptions& options = {});

// Simulates the same neurons with given spectrograms (bands, frames), one per stimulus;
// `seconds` is ignored. ConfigError if an option is out of range or their number is not
// `stimuli`.
Simulation simulate(const SimulateOptions& options, std::vector<Array<float>> spectrograms);

// Keys of the simulated stimuli, in order: "sound_01", ... ConfigError if an option is out of
// range.
std::vector<std::string> simulated_sound_keys(const SimulateOptions& options);

// A moving ripple: a sinusoid along time and octaves (Kowalski, Depireux & Shamma 1996).
struct Ripple {
  double rate_hz;            // temporal modulation; the sign is the direction
  double cycles_per_octave;  // spectral modulation
  double amplitude;          // of the logarithmic amplitude of the sound
  double phase;              // radians

  // Phase (radians) at time 0, at `octaves` above the lowest band.
  double start(double octaves) const;
};

// Ripples whose sum is the level of sound number `sound` (from 0).
std::vector<Ripple> sound_ripples(const SimulateOptions& options, std::int64_t sound);

}  // namespace strffit
