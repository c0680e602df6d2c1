// Constants of AdamW: defaults of LibTorch.
#pragma once

namespace strffit::ops {

inline constexpr double kAdamwBeta1 = 0.9, kAdamwBeta2 = 0.999, kAdamwEpsilon = 1e-8;

}  // namespace strffit::ops
