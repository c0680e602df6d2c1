// Linear: the reference implementation's numbers, and what is particular to it.
#include "support/model_text.hpp"
#include "support/tensors.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "vector_case.hpp"

namespace strffit::test {
namespace {

TEST_CASE("reference vectors: linear_full") { check_case("linear_full"); }
TEST_CASE("reference vectors: linear_separable_willmore") {
  check_case("linear_separable_willmore");
}

TEST_CASE("a linear model is its kernel, which ridge can set") {
  const auto model = spec_of("{kind: linear, context: 3}").build(some_axes(4), 2, false);
  const auto tensors = in_type(model->start({Random(1)}), at::kDouble);
  CHECK(model->backbone().response_kernel() != nullptr);
  CHECK(difference(*model->kernels(tensors), tensors.at("strf/weight")) == 0);
  for (const auto& entry : model->entries()) CHECK(entry.response_units);
  // An output nonlinearity takes the kernel out of the response's units.
  const auto bent = spec_of("{kind: linear, output: softplus}").build(some_axes(4), 2, false);
  for (const auto& entry : bent->entries()) CHECK(!entry.response_units);
}

TEST_CASE(
    "a spike of the spectrogram answers with the kernel, from the current frame into the past") {
  const auto model = spec_of("{kind: linear, context: 3}").build(some_axes(2), 1, false);
  auto tensors = in_type(model->start({Random(1)}), at::kDouble);
  const auto layout = ops::join({6}, model->gap());
  auto x = at::zeros({1, layout->total, 2}, at::kDouble);
  x[0][layout->segments[0].begin + 2][1] = 1;
  const auto r = (model->respond(tensors, x, layout) - tensors.at("strf/bias"))[0].narrow(
      0, layout->segments[0].begin, 6);
  const auto k = tensors.at("strf/weight")[0][0][0][1];
  CHECK(difference(r.narrow(0, 2, 3).flatten(), k) < 1e-12);
  CHECK(largest(r.narrow(0, 0, 2)) < 1e-12);
  CHECK(largest(r.narrow(0, 5, 1)) < 1e-12);
}

}  // namespace
}  // namespace strffit::test
