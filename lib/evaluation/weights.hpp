// Weights of an average of runs, chosen by how well it predicts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/averaging.hpp"

namespace strffit {

inline constexpr std::int64_t kMostWeighedRuns = 10;

struct ChosenWeights {
  std::vector<double> weights;    // of the runs, from 0 on, together 1
  std::string score = "cc_norm";  // what they were chosen by: its mean over units; else "cc"
  double equal = 0, best = 0;     // that score with equal weights and with these
};

// The weights on a grid (steps of 0.05 for up to four runs, wider for more) with which the mean
// score over units is highest; equal ones where no others are better. `runs`: each an average with
// one group, of the same units. `which`: of the stimuli that choose. ConfigError for more runs than
// kMostWeighedRuns, and where no unit has a score.
ChosenWeights choose_weights(const std::vector<Average>& runs, const ScoringData& data,
                             Averages which);

// The points of that grid for so many runs.
std::vector<std::vector<double>> weight_grid(std::size_t runs);

}  // namespace strffit
