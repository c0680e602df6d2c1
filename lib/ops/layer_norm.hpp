// Layer norm of norm.hpp on a CPU. Private to this room.
#pragma once

#include "ops/activation.hpp"
#include "ops/layout.hpp"
#include "ops/norm_state.hpp"

namespace strffit::ops {

at::Tensor layer_norm(const at::Tensor& z, const NormState& state, Activation activation,
                      const LayoutPtr& layout);

}  // namespace strffit::ops
