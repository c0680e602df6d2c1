// Leaky units of the dynamic network.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/layout.hpp"

namespace strffit::ops {

// y[t] = A y[t-1] + (1 - A) s[t], A = 1 - 1 / tau, tau = 1 + d^2 frames, starting as if s[0] had
// always been the input (Rahman et al. 2019; models.md, dnet). decay_input = false omits the factor
// (1 - A).
//
// s (M, S, H), d (M, H) -> (M, S, H) in the memory order of s, zero at gap frames.
at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout);

namespace plain {
at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout);
}

}  // namespace strffit::ops
