// The STRF product: a kernel with a lag axis applied to every frame of a signal.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/layout.hpp"

namespace strffit::ops {

// z[m, t, o] = bias[m, o] + sum_{c, f, l} kernel[m, o, c, f, l] x[m, t - l + ahead, c F + f] at the
// frames of the stimuli; what stands at gap frames means nothing (models.md, Kernels).
//
// x (M or 1, S, C F), zero at gap frames, kernel (M, K, C, F, L), bias (M, K) -> (M, S, K). One x
// for all members gives a result with the members side by side. ahead (0 .. L-1): frames of the
// kernel that lie in the future. The layout's gap must be at least L - 1. The gradient that comes
// back must be zero at gap frames; that of x means nothing there. No copy of x per lag is made: L
// consecutive frames lie side by side in memory, so that every L-th of such windows is a row of a
// matrix, and L products of those make the whole. own_input: x is of each member, also where there
// is one alone, which is then worked, and rounds, as it would among others.
at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead = 0, bool own_input = false);

namespace plain {  // the definition, lag by lag: the tests' reference
at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead = 0);
}

}  // namespace strffit::ops
