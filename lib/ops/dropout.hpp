// Dropout (Srivastava et al. 2014) of whole units, from counters: which units a step drops follows
// from the member's key and the number of the step alone, so that a resumed run, and a member in
// any company, drops the same ones bit for bit.
#pragma once

#include <ATen/core/Tensor.h>

namespace strffit::ops {

// What each of `units` inputs of a layer is multiplied with in one step of training (M, units): 0
// with the probability `fraction` (0 .. below 1), else 1 / (1 - fraction). All frames of the step
// have the same. keys (M) of the members, int64; step () int64, on their device, which is not
// waited for. layer: tells the layers of a model apart. The numbers are Random(key, {step, layer,
// unit}).uniform() < fraction.
at::Tensor kept_units(const at::Tensor& keys, const at::Tensor& step, std::int64_t layer,
                      std::int64_t units, double fraction, at::ScalarType type);

namespace plain {  // the definition in LibTorch's operations, which a GPU uses
at::Tensor kept_units(const at::Tensor& keys, const at::Tensor& step, std::int64_t layer,
                      std::int64_t units, double fraction, at::ScalarType type);
}

}  // namespace strffit::ops
