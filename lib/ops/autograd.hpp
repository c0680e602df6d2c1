// The one door from hand-written operations into LibTorch's autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace strffit::ops {

// Gradient of the output -> gradients of the inputs, one each; an undefined tensor where none is
// needed.
using Backward = std::function<std::vector<at::Tensor>(const at::Tensor& gradient)>;

// Whether a derivative of what is made from `inputs` is asked for.
bool wants_derivatives(const std::vector<at::Tensor>& inputs);

// `output`, made from `inputs` without autograd, with `backward` as its derivative. Returned as it
// is where no input asks for a gradient. `backward` must not hold `output` itself (a cycle), but
// may hold `output.detach()`.
at::Tensor with_backward(at::Tensor output, const std::vector<at::Tensor>& inputs,
                         Backward backward);

// Gradients of sum(output * weight) with respect to `inputs`; zeros where an input has no part in
// it.
std::vector<at::Tensor> gradients(const at::Tensor& output, const at::Tensor& weight,
                                  const std::vector<at::Tensor>& inputs, bool keep_graph = false);

// While it lives, no operation of this thread is recorded.
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
