// Losses, one number per member.
#pragma once

#include <ATen/core/Tensor.h>

namespace strffit::ops {

enum class Loss { mse, poisson, huber };

// Mean over the units and frames that count (target not NaN; gap frames are NaN) of a member's loss
// (models.md, Losses); 0 where none counts. prediction, target (M, S, N) -> (M).
at::Tensor loss(const at::Tensor& prediction, const at::Tensor& target, Loss kind);

namespace plain {
at::Tensor loss(const at::Tensor& prediction, const at::Tensor& target, Loss kind);
}

}  // namespace strffit::ops
