// Holds a hand-written operation against its plain reference and against numerical derivatives.
#pragma once

#include "support/gradcheck.hpp"

// After everything of LibTorch, whose CHECK would replace doctest's.
#include <doctest/doctest.h>

#include <string>

namespace strffit::test {

// Both are functions of the same inputs (double, any order in memory). Values and gradients agree
// to 1e-9 in double, with numerical derivatives to 1e-6, and in single precision to 2e-5; the
// gradient of the value may come in any order in memory. `real` (1, S, 1): where the values mean
// something; undefined: everywhere.
inline void check_agreement(const std::string& name, const Function& operation,
                            const Function& plain, const std::vector<at::Tensor>& inputs,
                            const at::Tensor& real = {}) {
  CAPTURE(name);
  const auto masked = [&real](const Function& function) -> Function {
    if (!real.defined()) return function;
    return [&real, function](const std::vector<at::Tensor>& x) {
      const auto value = function(x);
      return value * real.to(value.scalar_type());
    };
  };
  const Function found_of = masked(operation), expected_of = masked(plain);
  const auto shape = expected_of(inputs).sizes().vec();
  const auto weight = noise(shape, 77);
  const auto expected = differentiate(expected_of, inputs, weight);
  const auto found = differentiate(found_of, inputs, weight);
  CHECK(relative_difference(found.value, expected.value) < 1e-9);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    CHECK(relative_difference(found.gradients[i], expected.gradients[i]) < 1e-9);
  }
  CHECK(gradient_error(found_of, inputs, weight) < 1e-6);

  const auto ordered_weight = at::empty_like(found_of(inputs)).copy_(weight);
  const auto again = differentiate(found_of, inputs, ordered_weight);
  const auto single = differentiate(found_of, inputs, weight, at::kFloat);
  CHECK((single.value.scalar_type() == at::kFloat));
  CHECK(relative_difference(single.value, expected.value) < 2e-5);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    CHECK(relative_difference(again.gradients[i], expected.gradients[i]) < 1e-9);
    CHECK(relative_difference(single.gradients[i], expected.gradients[i]) < 2e-5);
  }
}

// A layout's stimuli in tests: of several lengths, one of a single frame, one shorter than any
// kernel.
inline ops::LayoutPtr some_stimuli(std::int64_t gap) { return ops::join({9, 1, 14, 2}, gap); }

}  // namespace strffit::test
