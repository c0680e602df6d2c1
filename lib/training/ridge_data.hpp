// Inputs and targets of the closed form, and its smoothness prior.
#pragma once

#include <ATen/core/Tensor.h>

#include <compare>
#include <cstdint>

#include "ops/layout.hpp"

namespace strffit {

// The regression data. x (1, S, I): inputs after the prefilter, zero at gap frames; I = channels x
// bands, bands fastest. targets (N, S): NaN at frames that are not used.
struct RidgeData {
  at::Tensor x, targets;
  ops::LayoutPtr layout;
  std::int64_t channels = 1;
};

// Prior of a receptive field: weights have variance 1, and their correlation falls with distance as
// exp(-(distance / scale)^2 / 2), along bands and along lags. Channels are independent. Scales are
// in bands and frames; 0: no smoothness. From automatic smoothness determination (Sahani & Linden
// 2003).
struct Smoothness {
  double bands = 0, lags = 0;
  auto operator<=>(const Smoothness&) const = default;
};

}  // namespace strffit
