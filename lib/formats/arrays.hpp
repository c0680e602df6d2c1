// Between tensors and the plain arrays that files hold.
#pragma once

#include <ATen/core/Tensor.h>

#include "util/array.hpp"

namespace strffit {

// A copy, in C order.
Array<float> to_array(const at::Tensor& tensor);
at::Tensor to_tensor(const Array<float>& array);  // float32, on the CPU

}  // namespace strffit
