// A dense layer at every frame.
#pragma once

#include <ATen/core/Tensor.h>

namespace strffit::ops {

// r[m, t, n] = bias[m, n] + sum_h weight[m, n, h] x[m, t, h]. x (M, S, H), weight (M, N, H), bias
// (M, N) -> (M, S, N), in the memory order of x; member after member if N is 1. Gap frames are
// computed too: zeros give the bias.
at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

namespace plain {
at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
}

}  // namespace strffit::ops
