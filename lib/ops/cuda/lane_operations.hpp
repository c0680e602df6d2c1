// The recursions along time by lanes and teams (ops/cuda/lanes.hpp, ops/cuda/teams.hpp): what
// ops::adaptrans, willmore, leaky and recurrent do with signals on a GPU. The same functions; on a
// CPU slower than theirs. Layouts without windows.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ops/cell.hpp"
#include "ops/layout.hpp"

namespace strffit::ops::lanes {

// Whether they can work where a tensor is: on a GPU, if they were compiled for one (STRFFIT_CUDA).
bool reach(const at::Tensor& tensor);
// That, and the layout has no windows.
bool on_gpu(const at::Tensor& signal, const Layout& layout);
// Whether a team has room for what a recurrent layer with these weights shares: some hundred units.
bool team_fits(const at::Tensor& hidden_weight, Cell cell);

at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout);
at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout);
at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout);
// ops::adamw, an element a lane.
void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections);
at::Tensor recurrent(const at::Tensor& x, const at::Tensor& hidden_weight,
                     const at::Tensor& hidden_bias, Cell cell, const LayoutPtr& layout);

}  // namespace strffit::ops::lanes
