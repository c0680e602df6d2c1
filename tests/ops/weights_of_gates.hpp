// A recurrent layer that is given what its input contributes to the gates, x (M, S, G H).
#pragma once

#include <ATen/Functions.h>

#include "ops/recurrent.hpp"

namespace strffit::test {

// The input's weight is 1 from each number to its gate.
inline ops::RecurrentWeights weights_of_gates(const at::Tensor& hidden,
                                              const at::Tensor& hidden_bias) {
  const auto M = hidden.size(0), n = hidden.size(1);
  return {at::eye(n, hidden.options().requires_grad(false)).expand({M, n, n}),
          at::zeros_like(hidden_bias).detach(), hidden, hidden_bias};
}

}  // namespace strffit::test
