// Chooses the weights of an average of runs by the score of the average.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/averaging.hpp"

namespace strffit {

inline constexpr std::int64_t kMostWeighedRuns = 10;

struct ChosenWeights {
  std::vector<double> weights;    // one per run, at least 0, together 1
  std::string score = "cc_norm";  // the score whose mean over units they maximise; else "cc"
  double equal = 0, best = 0;     // this mean with equal weights, and with the chosen ones
};

// The weights with the highest mean score over units, from a grid with steps of 0.05 for up to four
// runs, wider for more; equal weights if no others are better. `runs`: averages with one group and
// the same units. `which`: the members and stimuli that are scored. ConfigError for more runs than
// kMostWeighedRuns, and if no unit has a score.
ChosenWeights choose_weights(const std::vector<Average>& runs, const ScoringData& data,
                             Averages which);

// The points of this grid, equal weights first.
std::vector<std::vector<double>> weight_grid(std::size_t runs);

}  // namespace strffit
