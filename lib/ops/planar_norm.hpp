// Norm and activation of planar signals (M, K, F, S): time fastest.
#pragma once

#include "ops/norm.hpp"

namespace strffit::ops {

// norm_activation of z (M, K, F, S), K channels of F bands -> the same shape.
at::Tensor planar_norm_activation(const at::Tensor& z, Norm norm, const NormState& state,
                                  bool training, Activation activation, const LayoutPtr& layout);

namespace plain {
at::Tensor planar_norm_activation(const at::Tensor& z, Norm norm, const NormState& state,
                                  bool training, Activation activation, const LayoutPtr& layout);
}

}  // namespace strffit::ops
