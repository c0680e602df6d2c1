// The STRF product by LibTorch's batched matrix products, used by ops::lagged_product on a GPU. For
// layouts without windows. Private to this room.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/layout.hpp"

namespace strffit::ops::batched {

at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead = 0, bool own_input = false);

}  // namespace strffit::ops::batched
