// Closed-form solution (ridge regression) of linear STRFs, for many units at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <compare>
#include <vector>

#include "metrics/score_target.hpp"
#include "training/options.hpp"
#include "training/ridge_data.hpp"

namespace strffit {

// The priors that are tried. `flat`: only no smoothness. `smooth`: also a few correlation lengths
// that fit STRFs of auditory cortex.
const std::vector<Smoothness>& priors_of(RidgePrior prior);

struct RidgeChoice {
  Smoothness smoothness;
  double penalty;  // relative to the mean power of the inputs; NaN for a unit without targets
  auto operator<=>(const RidgeChoice&) const = default;
};

// The data on which prior and penalty were chosen. `nothing`: the stimuli could not distinguish the
// choices, so the penalty is the middle of the grid and there is no smoothness.
enum class ChosenOn { validation, held_out, nothing };

// The solution for one block of U units, in the order of the block.
struct RidgeSolution {
  at::Tensor weights;                // (U, I, L) float32, lag 0 = current frame
  at::Tensor bias;                   // (U)
  std::vector<RidgeChoice> choices;  // (U), with penalties from `grid`
  std::vector<double> grid;          // penalties, ascending
  std::vector<ChosenOn> chosen_on;   // (U)
};

// Solves, for each unit,
//   min over k, b of sum_t (y[t] - b - sum k x)^2 + penalty k' C^-1 k,
// where C is the prior correlation of the weights (identity without smoothness; Sahani & Linden
// 2003). `blocks`: lists of units; returns one solution per block.
//
// Prior and penalty are chosen per unit, the penalty from a logarithmic grid. The choice with the
// highest correlation between prediction and validation targets wins. If the validation targets of
// a unit are constant or missing, the choice uses held-out training stimuli instead: every fourth
// stimulus, beginning with the fourth. If that also fails, it begins with the first, second, third.
// With fewer than four stimuli, one is held out. With a single stimulus, see ChosenOn::nothing.
//
// Units with the same missing frames share one Gram matrix. The units of a block are solved
// together, so the bits of a block do not depend on the other blocks.
std::vector<RidgeSolution> ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                                 const std::vector<std::vector<std::int64_t>>& blocks,
                                 const std::vector<Smoothness>& priors);

// Solves like ridge(), but with earlier choices: one per unit, per block. The field chosen_on of
// the result has no meaning.
std::vector<RidgeSolution> ridge_as_chosen(const RidgeData& data, std::int64_t lags,
                                           const std::vector<std::vector<std::int64_t>>& blocks,
                                           const std::vector<std::vector<RidgeChoice>>& choices);

// Sums over all frames of products of the centred inputs: (I L, I L), double. Lags of one input are
// adjacent. Used as the metric of Kernel::imitate().
at::Tensor input_covariance(const RidgeData& data, std::int64_t lags);

}  // namespace strffit
