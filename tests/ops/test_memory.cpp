// Leaky units and recurrent layers against their plain references.
#include "ops/leaky.hpp"
#include "ops/recurrent.hpp"
#include "weights_of_gates.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

TEST_CASE("leaky units: values and gradients") {
  const auto layout = some_stimuli(2);
  for (const bool decay_input : {true, false}) {
    for (const std::int64_t members : {1, 3}) {
      const auto s = noise({members, layout->total, 4}, 1), d = noise({members, 4}, 2).abs() + 0.2;
      const auto with = [&](auto leaky) {
        return Function(
            [&, leaky](const auto& in) { return leaky(in[0], in[1], decay_input, layout); });
      };
      for (const auto& signal : {s, side_by_side(s)}) {
        check_agreement(decay_input ? "weighted input" : "raw input", with(ops::leaky),
                        with(ops::plain::leaky), {signal, d});
      }
    }
  }
}

TEST_CASE("leaky units: a unit without memory passes its input on, a constant stays itself") {
  // Reference: tau = 1 + d^2 = 1 frame; and a constant that lasted for ever.
  const auto layout = ops::join({6}, 0);
  const auto s = noise({1, 6, 2}, 1);
  CHECK(difference(ops::leaky(s, at::zeros({1, 2}, at::kDouble), true, layout), s) == 0);
  const auto constant = at::full({1, 6, 2}, 3.5, at::kDouble),
             d = at::full({1, 2}, 2.0, at::kDouble);
  CHECK(difference(ops::leaky(constant, d, true, layout), constant) < 1e-14);
  CHECK(difference(ops::leaky(constant, d, false, layout), constant * 5) < 1e-13);
}

TEST_CASE("recurrent layers: values and gradients") {
  const std::int64_t H = 3;
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    for (const std::int64_t members : {1, 2}) {
      // Not in the order of their lengths, and two of the same.
      const auto layout = ops::join({4, 1, 7, 4}, members - 1);
      const auto n = ops::gates(cell) * H;
      const auto x = noise({members, layout->total, n}, 1);
      const auto with = [&](auto recurrent) {
        return Function([&, recurrent](const auto& in) {
          return recurrent(in[0], weights_of_gates(in[1], in[2]), cell, layout);
        });
      };
      for (const auto& signal : {x, side_by_side(x)}) {
        check_agreement(cell == ops::Cell::gru ? "gru" : "lstm", with(ops::recurrent),
                        with(ops::plain::recurrent),
                        {signal, noise({members, n, H}, 2) / 2, noise({members, n}, 3) / 2});
      }
    }
  }
}

TEST_CASE("gap frames: zero values and zero gradients, whatever stands there") {
  const auto layout = some_stimuli(3);
  const auto gaps = 1 - real_frames(*layout);
  const std::int64_t H = 2;
  const auto in = [&](std::int64_t n) { return noise({2, layout->total, n}, 1) + gaps * 1e3; };
  struct Operation {
    std::string name;
    Function function;
    std::vector<at::Tensor> inputs;
  };
  const auto recurrent = [&](ops::Cell cell) {
    const auto n = ops::gates(cell) * H;
    return Operation{"recurrent",
                     [=](const auto& v) {
                       return ops::recurrent(v[0], weights_of_gates(v[1], v[2]), cell, layout);
                     },
                     {in(n), noise({2, n, H}, 2), noise({2, n}, 3)}};
  };
  const std::vector<Operation> operations{
      {"leaky",
       [&](const auto& v) { return ops::leaky(v[0], v[1], true, layout); },
       {in(H), noise({2, H}, 2)}},
      {"leaky, raw",
       [&](const auto& v) { return ops::leaky(v[0], v[1], false, layout); },
       {in(H), noise({2, H}, 2)}},
      recurrent(ops::Cell::gru),
      recurrent(ops::Cell::lstm)};
  for (const auto& [name, function, inputs] : operations) {
    CAPTURE(name);
    const auto result = differentiate(function, inputs, noise({2, layout->total, H}, 4));
    CHECK(largest(result.value * gaps) == 0);
    CHECK(largest(result.gradients[0] * gaps) == 0);
    CHECK(largest(result.gradients[0]) > 0);
    auto silent = inputs;
    silent[0] = inputs[0] * (1 - gaps);
    const auto without = differentiate(function, silent, noise({2, layout->total, H}, 4));
    CHECK(difference(result.value, without.value) == 0);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CHECK(difference(result.gradients[i], without.gradients[i]) == 0);
    }
  }
}

}  // namespace
}  // namespace strffit::test
