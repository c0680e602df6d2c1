// Chance level of a prediction: its correlation with responses that are shifted in time.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "metrics/responses.hpp"

namespace strffit {

struct NullOptions {
  std::int64_t draws = 0;      // number of shifts; 0: no null distribution
  std::int64_t min_shift = 0;  // smallest shift in frames, in both directions, >= 1
  std::uint64_t seed = 0;
};

// Result of the draws; all NaN if the correlation itself is undefined.
struct NullScore {
  double mean = std::numeric_limits<double>::quiet_NaN();  // of the correlations of the draws
  double sd = std::numeric_limits<double>::quiet_NaN();    // of the same, divisor n - 1
  // (1 + draws at least as large as the correlation) / (1 + draws)
  double p = std::numeric_limits<double>::quiet_NaN();
};

// Shift of one stimulus in a draw, frames: uniform over min_shift .. frames - min_shift. The same
// for every unit, which keeps correlations between units. `stimulus`: index in the dataset.
std::int64_t null_shift(const NullOptions& options, std::int64_t draw, std::size_t stimulus,
                        std::int64_t frames);

// Number of possible combinations of shifts: infinity if a double cannot hold it, 0 if a stimulus
// is too short for a shift.
double null_shifts(const NullOptions& options, std::span<const std::int64_t> frames);

// Null distribution of one unit. Each draw shifts all trials of stimulus s circularly, gaps
// included, and correlates them with the unshifted prediction (models.md, Metrics). `places[s]`:
// index of the stimulus in the dataset. Costs about n_frames x min(draws, frames) multiplications.
NullScore null_correlation(std::span<const Trials> stimuli,
                           std::span<const std::span<const float>> predictions,
                           std::span<const std::size_t> places, const NullOptions& options);

}  // namespace strffit
