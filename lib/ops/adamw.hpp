// AdamW over the member axis, one pass over memory.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/adamw_constants.hpp"

namespace strffit::ops {

// One step of every row (Loshchilov & Hutter 2019; models.md, Losses), in place. A parameter (R,
// ...) has R rows with rates of their own: members, or where rates differ within a member its rows
// too (the first axes taken together). All on the parameter's device, so that nothing waits for it:
// rates, decays (R), double: learning rate and weight decay; scales (R), double: what the gradient
// is multiplied with first (gradient clipping), undefined: nothing; corrections: of the step's
// number.
void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections);

// What the moments are divided by at step (), double, from 1: (2), double, where the step is.
at::Tensor adamw_corrections(const at::Tensor& step);

namespace plain {
void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections);
}

}  // namespace strffit::ops
