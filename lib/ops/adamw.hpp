// AdamW over the member axis, in one pass over memory.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/adamw_constants.hpp"

namespace strffit::ops {

// One step of AdamW in place (Loshchilov & Hutter 2019; models.md, Losses). A parameter (R, ...)
// has R rows, each with its own rates: members, or rows of members if rates differ within a
// member (first axes merged). All tensors are on the parameter's device, so that nothing waits:
// rates, decays (R), double: learning rate and weight decay; scales (R), double: factors applied
// to the gradient first (gradient clipping), undefined for 1; corrections: of
// adamw_corrections().
void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections);

// Bias corrections of the moments at `step` (), double, counted from 1: (2), double, on its device.
at::Tensor adamw_corrections(const at::Tensor& step);

namespace plain {
void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections);
}

}  // namespace strffit::ops
