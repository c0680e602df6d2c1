// How well a prediction does by chance: its correlation with responses that are shifted in time.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "metrics/responses.hpp"

namespace strffit {

struct NullOptions {
  std::int64_t draws = 0;      // 0: no null distribution
  std::int64_t min_shift = 0;  // frames, forwards and backwards, >= 1
  std::uint64_t seed = 0;
};

// What the draws gave; NaN where the correlation itself is undefined.
struct NullScore {
  double mean = std::numeric_limits<double>::quiet_NaN();  // of the draws' correlations
  double sd = std::numeric_limits<double>::quiet_NaN();    // of them, divisor n - 1
  // (1 + draws at least as large as the correlation) / (1 + draws)
  double p = std::numeric_limits<double>::quiet_NaN();
};

// The shift of one stimulus in one draw: uniform over min_shift .. frames - min_shift. The same for
// every unit, so that what units share stays shared. `stimulus` is its place in the dataset.
std::int64_t null_shift(const NullOptions& options, std::int64_t draw, std::size_t stimulus,
                        std::int64_t frames);

// How many combinations of shifts there are: infinity where more than a double holds, 0 where a
// stimulus is too short for any.
double null_shifts(const NullOptions& options, std::span<const std::int64_t> frames);

// One unit: in each draw all trials of stimulus s, gaps included, are turned round by its shift,
// and correlated with the prediction that stays in place (models.md, Metrics). `places[s]`: as
// above. About n_frames x min(draws, frames) multiplications.
NullScore null_correlation(std::span<const Trials> stimuli,
                           std::span<const std::span<const float>> predictions,
                           std::span<const std::size_t> places, const NullOptions& options);

}  // namespace strffit
