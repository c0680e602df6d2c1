// Recurrent layers over joined stimuli.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/cell.hpp"
#include "ops/layout.hpp"

namespace strffit::ops {

// Weights per member, gates in LibTorch's order (models.md, statenet): input (M, G H, inputs),
// input_bias (M, G H), hidden (M, G H, H), hidden_bias (M, G H).
struct RecurrentWeights {
  at::Tensor input, input_bias, hidden, hidden_bias;
};

// States h (M, S, H) of a recurrent layer on u (M, S, inputs), zero at gap frames. Every stimulus
// starts with state zero. The stimuli of a batch are computed in parallel, frame by frame; on a CPU
// the values of a stimulus do not depend on the others, to the last bit.
at::Tensor recurrent(const at::Tensor& u, const RecurrentWeights& weights, Cell cell,
                     const LayoutPtr& layout);

namespace plain {
at::Tensor recurrent(const at::Tensor& u, const RecurrentWeights& weights, Cell cell,
                     const LayoutPtr& layout);
}

}  // namespace strffit::ops
