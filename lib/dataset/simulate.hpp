// A dataset of neurons with known receptive fields, for demonstrations, teaching and tests.
#pragma once

#include <cstdint>

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

}  // namespace strffit
