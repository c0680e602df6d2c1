// What the ways to work a lagged product have in common. Private to this room.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ops/layout.hpp"
#include "util/errors.hpp"

namespace strffit::ops {

// Sizes of one product. A block is a member, or all members at once where they share x.
struct LaggedSizes {
  std::int64_t blocks, S, inputs, outputs, L,
      ahead;  // inputs C F, outputs K (times M where shared)

  bool shared;

  // Of x, kernel and layout as ops::lagged_product takes them. Bug where they do not fit.
  LaggedSizes(const at::Tensor& x, const at::Tensor& kernel, const Layout& layout,
              std::int64_t frames_ahead, bool own_input)
      : blocks(x.size(0) == 1 ? 1 : kernel.size(0)),
        S(x.size(1)),
        inputs(x.size(2)),
        outputs(x.size(0) == 1 ? kernel.size(0) * kernel.size(1) : kernel.size(1)),
        L(kernel.size(4)),
        ahead(frames_ahead),
        shared(x.size(0) == 1 && !(own_input && kernel.size(0) == 1)) {
    if (layout.gap < L - 1 || S != layout.total || inputs != kernel.size(2) * kernel.size(3))
      throw Bug("lagged_product: signal, kernel and layout do not fit");
  }
};

// Windows of L consecutive frames as rows, every L-th starting at `phase`: rows of them.
inline std::int64_t windows_from(std::int64_t phase, const LaggedSizes& s) {
  return (s.S - phase) / s.L;
}

// Kernels (M, K, C, F, L) -> (blocks, L, inputs, outputs), oldest lag first as frames lie in
// memory.
inline at::Tensor oldest_lag_first(const at::Tensor& kernel, const LaggedSizes& s) {
  const auto flipped = kernel.flip(4);
  return (s.blocks == kernel.size(0) ? flipped.permute({0, 4, 2, 3, 1}).contiguous()
                                     : flipped.permute({4, 2, 3, 0, 1}).contiguous())
      .view({s.blocks, s.L, s.inputs, s.outputs});
}

// And the gradient of that back to the order of the kernels.
inline at::Tensor in_order_of(const at::Tensor& kernel, const at::Tensor& gradient,
                              const LaggedSizes& s) {
  const auto M = kernel.size(0), K = kernel.size(1), C = kernel.size(2), F = kernel.size(3);
  return s.blocks == M ? gradient.view({M, s.L, C, F, K}).permute({0, 4, 2, 3, 1}).flip(4)
                       : gradient.view({s.L, C, F, M, K}).permute({3, 4, 1, 2, 0}).flip(4);
}

}  // namespace strffit::ops
