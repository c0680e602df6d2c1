// Exponential averages of the past for the prefilters, as recursions: O(1) per sample instead of
// hundreds of taps.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ops/layout.hpp"

namespace strffit::ops {

inline constexpr std::int64_t kInfinite = 0;  // kernel_frames: the whole past

// AdapTrans (Rancon et al. 2024; models.md, Prefilters): ON = x - w E_on(x), OFF = E_off(x) - w x
// with a = 1 / (1 + d^2), w = 1 / (1 + p^2) per member and band.
//
// x (M or 1, S, F), d_on, d_off, p (M, F) -> (M, S, 2 F), bands of ON, then of OFF, zero at gap
// frames. kernel_frames: kInfinite, or K >= 2. rectify: each channel through max(0, .).
at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout);

// Adaptation of the inferior colliculus (Willmore et al. 2016): x - E(x), a (F) per band.
// x (M or 1, S, F) -> the same shape, zero at gap frames.
at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout);

namespace plain {
at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout);
at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout);
}  // namespace plain

}  // namespace strffit::ops
