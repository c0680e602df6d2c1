// Conversion between tensors and the plain arrays that are stored in files.
#pragma once

#include <ATen/core/Tensor.h>

#include "util/array.hpp"

namespace strffit {

// Copies a tensor to a float array in C order.
Array<float> to_array(const at::Tensor& tensor);
at::Tensor to_tensor(const Array<float>& array);  // a float32 copy on the CPU

}  // namespace strffit
