// Chooses the weights of an average of runs so that the score of the average is highest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/averaging.hpp"

namespace strffit {

inline constexpr std::int64_t kMostWeighedRuns = 10;

struct ChosenWeights {
  std::vector<double> weights;    // one per run, at least 0, sum 1
  std::string score = "cc_norm";  // the score whose mean over units is maximised: "cc_norm" or "cc"
  double equal = 0, best = 0;     // this mean with equal weights, and with the chosen weights
};

// The weights with the highest mean score over units, from the grid of weight_grid(). Equal weights
// if no others are better. `runs`: averages with one group and the same units. `which`: selects the
// members and stimuli for scoring. ConfigError if there are more runs than kMostWeighedRuns, or if
// no unit has a score.
ChosenWeights choose_weights(const std::vector<Average>& runs, const ScoringData& data,
                             Averages which);

// All weight vectors to try; equal weights come first. The step is 0.05 for up to four runs, and
// larger for more runs.
std::vector<std::vector<double>> weight_grid(std::size_t runs);

}  // namespace strffit
