// The closed-form solution of a linear receptive field, for many units at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "metrics/score_target.hpp"
#include "ops/layout.hpp"

namespace strffit {

// What is regressed: x (1, S, I) after the prefilter, zero at gap frames; targets (N, S), NaN where
// nothing counts.
struct RidgeData {
  at::Tensor x, targets;
  ops::LayoutPtr layout;
};

// Of one block of U units, in its order.
struct RidgeSolution {
  at::Tensor weights;             // (U, I, L) float32, lag 0 = current frame
  at::Tensor bias;                // (U)
  std::vector<double> penalties;  // (U) relative to the mean power of the inputs; one of `grid`,
                                  // NaN for a unit without targets
  std::vector<double> grid;       // ascending
  bool chosen_on_validation;      // else the training stimuli were split for it
};

// min over k, b of sum_t (y[t] - b - sum k x)^2 + penalty |k|^2, the penalty per unit from a log
// grid by the correlation with the validation targets. Units whose targets lack the same frames
// share one Gram matrix. Without validation stimuli the penalty is chosen with every fourth
// training stimulus held out (one stimulus alone: the middle of the grid). The units of a block are
// solved together, so a block's bits do not depend on which other blocks there are.
std::vector<RidgeSolution> ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                                 const std::vector<std::vector<std::int64_t>>& blocks);

}  // namespace strffit
