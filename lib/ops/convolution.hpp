// Convolutions over frequency and time, on planar signals (M, C, F, S). Time is fastest, so that a
// register holds neighbouring frames for any number of channels.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/layout.hpp"

namespace strffit::ops {

// z[m, o, f, t] = bias[m, o] + sum_{c, i, l} weight[m, o, c, i, l] x[m, c, f + i, t - l + ahead] at
// the frames of the stimuli; values at gap frames are undefined (models.md, Backbones, conv2d).
//
// x (M or 1, C, F, S), zero at gap frames, weight (M, K_out, C, K_f, K_t), bias (M, K_out)
// -> (M, K_out, F - K_f + 1, S). ahead (0 .. K_t - 1): frames of the kernel that lie in the future.
// The gap of the layout must be at least K_t - 1.
// The gradient by z must be zero at gap frames.
// The gradient by x is undefined there.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const LayoutPtr& layout, std::int64_t ahead = 0);

// A dense layer at every frame of a planar signal: r[m, t, n] = bias[m, n] + sum_k weight[m, n, k]
// x[m, k, t]. x (M, K, S), weight (M, N, K), bias (M, N) -> (M, S, N).
at::Tensor dense_of_planar(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// Layout of the planes of a planar signal, joined along time, so that operations treat each plane
// as a stimulus.
LayoutPtr stacked(const Layout& layout, std::int64_t planes);

namespace plain {
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const LayoutPtr& layout, std::int64_t ahead = 0);
at::Tensor dense_of_planar(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
}  // namespace plain

}  // namespace strffit::ops
