// Code shared by the implementations of the lagged product. Private to this room.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ops/layout.hpp"
#include "util/errors.hpp"

namespace strffit::ops {

// Sizes of one product. A block is one member, or all members if they share x.
struct LaggedSizes {
  bool shared;
  std::int64_t blocks, S, inputs, outputs, L, ahead;  // inputs C F, outputs K (times M if shared)
  std::int64_t of_member;                             // outputs of one member, K

  // Arguments as in ops::lagged_product. Bug if they do not fit together.
  LaggedSizes(const at::Tensor& x, const at::Tensor& kernel, const Layout& layout,
              std::int64_t frames_ahead, bool own_input)
      : shared(x.size(0) == 1 && !(own_input && kernel.size(0) == 1)),
        blocks(shared ? 1 : kernel.size(0)),
        S(x.size(1)),
        inputs(x.size(2)),
        outputs(shared ? kernel.size(0) * kernel.size(1) : kernel.size(1)),
        L(kernel.size(4)),
        ahead(frames_ahead),
        of_member(kernel.size(1)) {
    if (layout.gap < L - 1 || S != layout.total || inputs != kernel.size(2) * kernel.size(3))
      throw Bug("lagged_product: signal, kernel and layout do not fit");
  }
};

// Number of rows if the rows are every L-th window of L consecutive frames, starting at `phase`.
inline std::int64_t windows_from(std::int64_t phase, const LaggedSizes& s) {
  return (s.S - phase) / s.L;
}

// Kernels (M, K, C, F, L) -> (blocks, L, inputs, outputs), oldest lag first, like frames in
// memory.
inline at::Tensor oldest_lag_first(const at::Tensor& kernel, const LaggedSizes& s) {
  const auto flipped = kernel.flip(4);
  return (!s.shared ? flipped.permute({0, 4, 2, 3, 1}).contiguous()
                    : flipped.permute({4, 2, 3, 0, 1}).contiguous())
      .view({s.blocks, s.L, s.inputs, s.outputs});
}

// The gradient of these, back in the order of the kernels.
inline at::Tensor in_order_of(const at::Tensor& kernel, const at::Tensor& gradient,
                              const LaggedSizes& s) {
  const auto M = kernel.size(0), K = kernel.size(1), C = kernel.size(2), F = kernel.size(3);
  return !s.shared ? gradient.view({M, s.L, C, F, K}).permute({0, 4, 2, 3, 1}).flip(4)
                   : gradient.view({s.L, C, F, M, K}).permute({3, 4, 1, 2, 0}).flip(4);
}

// z (blocks, S, outputs) as (M, S, K), a view; by_block converts a gradient back, contiguous.
inline at::Tensor by_member(const at::Tensor& z, const at::Tensor& kernel, const LaggedSizes& s) {
  return s.shared ? z.view({s.S, kernel.size(0), kernel.size(1)}).transpose(0, 1) : z;
}
inline at::Tensor by_block(const at::Tensor& gradient, const LaggedSizes& s) {
  return (s.shared ? gradient.transpose(0, 1) : gradient)
      .contiguous()
      .view({s.blocks, s.S, s.outputs});
}

}  // namespace strffit::ops
