// The recursions along time on a GPU, in lanes and teams (ops/cuda/lanes.hpp, ops/cuda/teams.hpp),
// used by ops::adaptrans, willmore, leaky and recurrent. Same results; slower than those on a CPU.
// For layouts without windows.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ops/cell.hpp"
#include "ops/layout.hpp"

namespace strffit::ops::lanes {

// True if these operations run on the device of a tensor; a GPU needs STRFFIT_CUDA.
bool reach(const at::Tensor& tensor);
// True if these operations run there and the layout has no windows.
bool on_gpu(const at::Tensor& signal, const Layout& layout);
// True if these weights fit the shared memory of a team: some hundred units.
bool team_fits(const at::Tensor& hidden_weight, Cell cell);

at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout);
at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout);
at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout);
// ops::adamw, one lane per element.
void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections);
at::Tensor recurrent(const at::Tensor& x, const at::Tensor& hidden_weight,
                     const at::Tensor& hidden_bias, Cell cell, const LayoutPtr& layout);

}  // namespace strffit::ops::lanes
