// AdamW over the member axis, one pass over memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace strffit::ops {

// One step of every row (Loshchilov & Hutter 2019; models.md, Losses), in place. A parameter (R,
// ...) has R rows with rates of their own: members, or where rates differ within a member its rows
// too (the first axes taken together). rates, decays (R): learning rate and weight decay. scales
// (R), double, on the parameter's device: what the gradient is multiplied with first (gradient
// clipping); undefined: nothing. step counts from 1.
void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const std::vector<double>& rates, const std::vector<double>& decays,
           const at::Tensor& scales, std::int64_t step);

}  // namespace strffit::ops
