// Inputs and targets of the closed form, and what is expected of its solution.
#pragma once

#include <ATen/core/Tensor.h>

#include <compare>
#include <cstdint>

#include "ops/layout.hpp"

namespace strffit {

// What is regressed: x (1, S, I) after the prefilter, I = channels x bands with the bands inside,
// zero at gap frames; targets (N, S), NaN where nothing counts.
struct RidgeData {
  at::Tensor x, targets;
  ops::LayoutPtr layout;
  std::int64_t channels = 1;
};

// What is expected of a receptive field before any data: weights of unit variance whose correlation
// falls with their distance as exp(-(distance / scale)^2 / 2), over bands and over lags; scales in
// bands and frames, 0: none. Channels are on their own (Sahani & Linden 2003, automatic smoothness
// determination).
struct Smoothness {
  double bands = 0, lags = 0;
  auto operator<=>(const Smoothness&) const = default;
};

}  // namespace strffit
