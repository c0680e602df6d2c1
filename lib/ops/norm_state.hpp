// Kinds of norm, and their tensors.
#pragma once

#include <ATen/core/Tensor.h>

namespace strffit::ops {

inline constexpr double kNormEpsilon = 1e-5;
inline constexpr double kNormMomentum = 0.1;  // of the running statistics

// Statistics over batch and time (batch), or over channels at each frame and position
// (layer).
enum class Norm { none, batch, layer };

// Per member and channel (M, K). Only batch norm uses running statistics; training updates them.
struct NormState {
  at::Tensor weight, bias, running_mean, running_var;
};

}  // namespace strffit::ops
