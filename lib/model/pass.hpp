// How a model is gone through: to predict, or in a step of training.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

namespace strffit {

struct Pass {
  // To predict, or in training, nothing dropped.
  Pass(bool in_training = false) : training(in_training) {}  // NOLINT(google-explicit-constructor)
  // A step in which units are dropped, where the model has dropout: ops::kept_units.
  Pass(bool in_training, at::Tensor member_keys, at::Tensor number)
      : training(in_training), keys(std::move(member_keys)), step(std::move(number)) {}

  bool drops() const { return keys.defined(); }

  bool training;    // batch norm normalises with, and gathers, the statistics of what it is given
  at::Tensor keys;  // (M) int64, of the members; undefined where nothing is dropped
  at::Tensor step;  // () int64, the number of the step, on the same device
};

}  // namespace strffit
