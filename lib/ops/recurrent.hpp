// Recurrent layers over joined stimuli.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/layout.hpp"

namespace strffit::ops {

enum class Cell { gru, lstm };
inline std::int64_t gates(Cell cell) { return cell == Cell::gru ? 3 : 4; }

// States h (M, S, H) of a recurrent layer from what its input contributes to the gates, x = W u + b
// (M, S, G H), hidden_weight (M, G H, H), hidden_bias (M, G H); gates in LibTorch's order
// (models.md, statenet). Every stimulus starts from zero; zero at gap frames. Stimuli of a batch
// are worked side by side, frame by frame.
at::Tensor recurrent(const at::Tensor& x, const at::Tensor& hidden_weight,
                     const at::Tensor& hidden_bias, Cell cell, const LayoutPtr& layout);

namespace plain {
at::Tensor recurrent(const at::Tensor& x, const at::Tensor& hidden_weight,
                     const at::Tensor& hidden_bias, Cell cell, const LayoutPtr& layout);
}

}  // namespace strffit::ops
