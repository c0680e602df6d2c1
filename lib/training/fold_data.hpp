// The data of one fold as tensors. They are standardised, and stimuli are joined along time.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/prepare.hpp"
#include "dataset/split.hpp"
#include "metrics/score_target.hpp"
#include "ops/layout.hpp"

namespace strffit {

// Some stimuli, joined along time: input x (1, S, F), zero at gap frames, and targets (N, S), NaN
// at gap frames.
struct Batch {
  at::Tensor x, targets;
  ops::LayoutPtr layout;
};

// Training and validation stimuli of one fold.
class FoldData {
 public:
  FoldData() = default;  // for a fold without members
  // Puts all tensors on `device`. `gap`: number of gap frames around stimuli, see ops::join.
  FoldData(const Dataset& dataset, const Partition& partition,
           const Standardisation& standardisation, std::int64_t gap, const at::Device& device);

  std::int64_t stimuli() const { return static_cast<std::int64_t>(single_.size()); }
  // Joins the training stimuli at `places` (indices into Partition::train) in this order. If
  // `places`
  // has all stimuli, they stay in the order of Partition::train. Single stimuli are views.
  Batch batch(const std::vector<std::int64_t>& places) const;
  // True if the returned tensors have the same address as in the last call.
  bool keeps(const std::vector<std::int64_t>& places) const {
    return places.size() == 1 || places.size() == single_.size();
  }
  const Batch& all() const { return all_; }
  bool has_validation() const { return valid_.layout != nullptr; }
  const Batch& validation() const { return valid_; }
  // Mean and standard deviation of each unit's training targets. They are 0 and 1 for a unit
  // without
  // targets. The standard deviation is also 1 if the targets are constant.
  const std::vector<std::pair<double, double>>& target_spread() const { return target_spread_; }
  // One scorer per unit, for the validation stimuli. Empty without validation stimuli.
  const std::vector<ScoreTarget>& scores() const { return scores_; }

 private:
  Batch all_, valid_;
  std::vector<Batch> single_;
  std::vector<std::pair<double, double>> target_spread_;
  std::vector<ScoreTarget> scores_;
};

}  // namespace strffit
