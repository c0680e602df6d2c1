// The recursions along time by lanes (ops/lanes.hpp): what ops::adaptrans, willmore and leaky do
// with signals on a GPU. The same functions; on a CPU slower than theirs. Layouts without windows.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ops/layout.hpp"

namespace strffit::ops::lanes {

// Whether they were compiled for a GPU (STRFFIT_CUDA), and the layout has no windows.
bool on_gpu(const Layout& layout);

at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout);
at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout);
at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout);

}  // namespace strffit::ops::lanes
