// Losses, one number per member.
#pragma once

#include <ATen/core/Tensor.h>

namespace strffit::ops {

enum class Loss { mse, poisson, huber };

// Mean loss of each member over units and frames whose target is not NaN; gap frames are NaN
// (models.md, Losses). 0 if there are none. prediction, target (M, S, N) -> (M).
at::Tensor loss(const at::Tensor& prediction, const at::Tensor& target, Loss kind);

namespace plain {
at::Tensor loss(const at::Tensor& prediction, const at::Tensor& target, Loss kind);
}

}  // namespace strffit::ops
