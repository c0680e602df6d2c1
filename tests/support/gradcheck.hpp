// Derivatives of functions of several tensors, by autograd and by differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "ops/autograd.hpp"
#include "support/tensors.hpp"

namespace strffit::test {

using Function = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

// Leaves with these values, in the memory order of the originals.
inline std::vector<at::Tensor> leaves(const std::vector<at::Tensor>& inputs, at::ScalarType type) {
  std::vector<at::Tensor> result;
  for (const auto& input : inputs) {
    result.push_back(input.detach().to(type).clone().requires_grad_(true));
  }
  return result;
}

struct Differentiated {
  at::Tensor value;
  std::vector<at::Tensor> gradients;  // of sum(value * weight), one per input
};

// Value and gradients of a function at `inputs`, computed in `type`.
inline Differentiated differentiate(const Function& function, const std::vector<at::Tensor>& inputs,
                                    const at::Tensor& weight, at::ScalarType type = at::kDouble) {
  const auto variables = leaves(inputs, type);
  const auto value = function(variables);
  return {value.detach(), ops::gradients(value, weight.to(type), variables)};
}

// Largest difference between gradients by autograd and by central differences of every element,
// relative to the largest element of each gradient (or to 1 if that is smaller). NaN if any is.
inline double gradient_error(const Function& function, const std::vector<at::Tensor>& inputs,
                             const at::Tensor& weight) {
  constexpr double kStep = 1e-5;  // error: step^2 times the third derivative, plus 1e-16 / step
  const auto found = differentiate(function, inputs, weight).gradients;
  const ops::WithoutGradients guard;
  double worst = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto varied = inputs;
    auto expected = at::empty(inputs[i].sizes(), at::kDouble);
    const auto element = inputs[i].to(at::kDouble).contiguous();
    for (std::int64_t j = 0; j < element.numel(); ++j) {
      double sum = 0;
      for (const double sign : {1.0, -1.0}) {
        auto changed = element.clone();
        changed.data_ptr<double>()[j] += sign * kStep;
        varied[i] = at::empty_like(inputs[i]).copy_(changed);
        sum += sign * (function(varied) * weight).sum().item<double>();
      }
      expected.data_ptr<double>()[j] = sum / (2 * kStep);
    }
    const double error = difference(found[i], expected) / std::max(1.0, largest(expected));
    if (!(error <= worst)) worst = error;
    if (std::isnan(worst)) break;
  }
  return worst;
}

}  // namespace strffit::test
