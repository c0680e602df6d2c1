// The STRF product: applies a kernel with a lag axis at every frame of a signal.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/layout.hpp"

namespace strffit::ops {

// z[m, t, o] = bias[m, o] + sum_{c, f, l} kernel[m, o, c, f, l] x[m, t - l + ahead, c F + f] at the
// frames of the stimuli; values at gap frames are undefined (models.md, Kernels).
//
// x (M or 1, S, C F), zero at gap frames, kernel (M, K, C, F, L), bias (M, K) -> (M, S, K); with
// one x for all members, they are side by side in memory. ahead (0 .. L-1): frames of the kernel
// that lie in the future. The gap of the layout must be at least L - 1. The gradient by z must be
// zero at gap frames; that by x is undefined there. x is not copied per lag: L consecutive frames
// are contiguous in memory, every L-th of these windows is a row of a matrix, and L matrix products
// give the result. own_input: each member has its own x; a single member is then computed, and
// rounded, as among others.
at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead = 0, bool own_input = false);

namespace plain {  // definition, lag by lag: reference of the tests
at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead = 0);
}

}  // namespace strffit::ops
