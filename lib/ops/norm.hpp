// Norm and activation of a hidden layer, in one pass over memory.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/activation.hpp"
#include "ops/layout.hpp"
#include "ops/norm_state.hpp"

namespace strffit::ops {

// phi(norm(z)), zero at gap frames. z (M, S, P K): P positions (bands) of K channels, channel
// fastest. Batch norm uses mean and variance (divisor n) over the frames of the stimuli and the
// positions if `training`, otherwise the running statistics. Layer norm uses the K channels
// (models.md, Backbones).
at::Tensor norm_activation(const at::Tensor& z, Norm norm, const NormState& state, bool training,
                           Activation activation, const LayoutPtr& layout);

namespace plain {
at::Tensor norm_activation(const at::Tensor& z, Norm norm, const NormState& state, bool training,
                           Activation activation, const LayoutPtr& layout);
at::Tensor activate(const at::Tensor& x, Activation activation);
}  // namespace plain

}  // namespace strffit::ops
