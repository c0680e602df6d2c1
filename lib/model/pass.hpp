// The mode in which a model is evaluated: prediction or training.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

namespace strffit {

struct Pass {
  // Prediction, or training without dropout.
  Pass(bool in_training = false) : training(in_training) {}  // NOLINT(google-explicit-constructor)
  // A training step with dropout, if the model has dropout: see ops::kept_units.
  Pass(bool in_training, at::Tensor member_keys, at::Tensor number)
      : training(in_training), keys(std::move(member_keys)), step(std::move(number)) {}

  bool drops() const { return keys.defined(); }

  bool training;    // batch norm uses the statistics of the batch and updates the running ones
  at::Tensor keys;  // (M) int64, dropout keys of the members; undefined: no dropout
  at::Tensor step;  // () int64, number of the step, on the same device
};

}  // namespace strffit
