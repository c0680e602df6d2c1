// The closed-form solution of a linear receptive field, for many units at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <compare>
#include <vector>

#include "metrics/score_target.hpp"
#include "training/options.hpp"
#include "training/ridge_data.hpp"

namespace strffit {

// None alone, or also a few that fitted receptive fields of auditory cortex are as smooth as.
const std::vector<Smoothness>& priors_of(RidgePrior prior);

struct RidgeChoice {
  Smoothness smoothness;
  double penalty;  // relative to the mean power of the inputs; NaN for a unit without targets
  auto operator<=>(const RidgeChoice&) const = default;
};

// What a prior and a penalty were chosen on. `nothing`: they are the middle of the grid without
// smoothness, as no stimuli told them apart.
enum class ChosenOn { validation, held_out, nothing };

// Of one block of U units, in its order.
struct RidgeSolution {
  at::Tensor weights;                // (U, I, L) float32, lag 0 = current frame
  at::Tensor bias;                   // (U)
  std::vector<RidgeChoice> choices;  // (U) penalties of `grid`
  std::vector<double> grid;          // ascending
  std::vector<ChosenOn> chosen_on;   // (U)
};

// min over k, b of sum_t (y[t] - b - sum k x)^2 + penalty k' C^-1 k, where C are the correlations
// that the prior expects, the identity without smoothness. Prior and penalty per unit, the penalty
// from a log grid, by the correlation with the validation targets. Units whose targets lack the
// same frames share one Gram matrix. Of a unit whose validation targets are constant or absent, and
// without validation stimuli, they are chosen with every fourth training stimulus held out,
// beginning with the fourth; where these say nothing either, beginning with the first, second,
// third (of fewer than four stimuli: with one held out). Where nothing tells them apart (one
// stimulus alone): the middle of the grid, no smoothness. The units of a block are solved together,
// so a block's bits do not depend on which other blocks there are.
std::vector<RidgeSolution> ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                                 const std::vector<std::vector<std::int64_t>>& blocks,
                                 const std::vector<Smoothness>& priors);

// The same with what was chosen before, `choices` of each unit of each block. `chosen_on` says
// nothing.
std::vector<RidgeSolution> ridge_as_chosen(const RidgeData& data, std::int64_t lags,
                                           const std::vector<std::vector<std::int64_t>>& blocks,
                                           const std::vector<std::vector<RidgeChoice>>& choices);

// Sums of products of the inputs about their means, over all frames: (I L, I L), double, input
// after input with its lags inside. For kernels that imitate a closed form: Kernel::imitate.
at::Tensor input_covariance(const RidgeData& data, std::int64_t lags);

}  // namespace strffit
