#include "formats/arrays.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

namespace strffit {

Array<float> to_array(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* const values = plain.data_ptr<float>();
  return {Shape(plain.sizes().begin(), plain.sizes().end()),
          std::vector<float>(values, values + plain.numel())};
}

at::Tensor to_tensor(const Array<float>& array) {
  at::Tensor tensor = at::empty(array.shape, at::kFloat);
  std::copy(array.values.begin(), array.values.end(), tensor.data_ptr<float>());
  return tensor;
}

}  // namespace strffit
