// The data of a fold as tensors: standardised, stimuli joined along time.
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

// Some stimuli joined: input x (1, S, F), zero at gap frames, and targets by unit (N, S), NaN at
// gap frames.
struct Batch {
  at::Tensor x, targets;
  ops::LayoutPtr layout;
};

// Training and validation stimuli of one fold.
class FoldData {
 public:
  FoldData() = default;  // of a fold without members
  // Tensors on `device`. `gap`: of the layouts.
  FoldData(const Dataset& dataset, const Partition& partition,
           const Standardisation& standardisation, std::int64_t gap, const at::Device& device);

  std::int64_t stimuli() const { return static_cast<std::int64_t>(single_.size()); }
  // Training stimuli by their places in Partition::train, joined in this order; all of them in
  // their own. Single ones are views of all of them.
  Batch batch(const std::vector<std::int64_t>& places) const;
  // True if the returned tensors have the same address as in the last call.
  bool keeps(const std::vector<std::int64_t>& places) const {
    return places.size() == 1 || places.size() == single_.size();
  }
  const Batch& all() const { return all_; }
  bool has_validation() const { return valid_.layout != nullptr; }
  const Batch& validation() const { return valid_; }
  // Mean and standard deviation of every unit's training targets; 0 and 1 of a unit without any.
  const std::vector<std::pair<double, double>>& target_spread() const { return target_spread_; }
  // One per unit, on the validation stimuli.
  const std::vector<ScoreTarget>& scores() const { return scores_; }

 private:
  Batch all_, valid_;
  std::vector<Batch> single_;
  std::vector<std::pair<double, double>> target_spread_;
  std::vector<ScoreTarget> scores_;
};

}  // namespace strffit
