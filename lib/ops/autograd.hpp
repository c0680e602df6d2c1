// The only connection from hand-written operations to LibTorch's autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace strffit::ops {

// Maps the gradient of the output to the gradients of the inputs, one each; undefined tensors where
// none is needed.
using Backward = std::function<std::vector<at::Tensor>(const at::Tensor& gradient)>;

// True if anything made from `inputs` needs a derivative.
bool wants_derivatives(const std::vector<at::Tensor>& inputs);

// Attaches `backward` to `output`, which was made from `inputs` without autograd. Does nothing if
// no input requires a gradient. `backward` must not hold `output` (a cycle), but may hold
// `output.detach()`.
at::Tensor with_backward(at::Tensor output, const std::vector<at::Tensor>& inputs,
                         Backward backward);

// Gradients of sum(output * weight) with respect to `inputs`; zeros if it does not depend on an
// input.
std::vector<at::Tensor> gradients(const at::Tensor& output, const at::Tensor& weight,
                                  const std::vector<at::Tensor>& inputs, bool keep_graph = false);

// Disables autograd on this thread for the lifetime of the object.
class WithoutGradients {
 public:
  WithoutGradients();
  ~WithoutGradients();
  WithoutGradients(const WithoutGradients&) = delete;
  WithoutGradients& operator=(const WithoutGradients&) = delete;

 private:
  bool before_;
};

}  // namespace strffit::ops
