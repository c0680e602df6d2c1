// Signals with a band axis, for convolutions along frequency: the bands lie one after the other
// along time, each with the gap frames of the layout, so that a band is to every operation what a
// stimulus is.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/layout.hpp"

namespace strffit::ops {

// The layout of `bands` copies of a signal, one after the other.
LayoutPtr stacked(const Layout& layout, std::int64_t bands);

// x (M, bands S, C) -> (M, (bands - width + 1) S, width C): at each band and frame the channels of
// it and of the width - 1 bands above, so that a convolution over bands and lags is a lagged
// product.
at::Tensor unfold_bands(const at::Tensor& x, std::int64_t bands, std::int64_t width);

namespace plain {
at::Tensor unfold_bands(const at::Tensor& x, std::int64_t bands, std::int64_t width);
}

}  // namespace strffit::ops
