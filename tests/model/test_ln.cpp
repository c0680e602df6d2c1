// Linear-nonlinear: the reference implementation's numbers, and what is particular to it.
#include "support/model_text.hpp"
#include "support/tensors.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "vector_case.hpp"

namespace strffit::test {
namespace {

TEST_CASE("reference vectors: ln_full_adaptrans") { check_case("ln_full_adaptrans"); }
TEST_CASE("reference vectors: ln_dcls") { check_case("ln_dcls"); }
TEST_CASE("reference vectors: ln_bilinear_finite_adaptrans") {
  check_case("ln_bilinear_finite_adaptrans");
}
TEST_CASE("reference vectors: ln_centered_willmore") { check_case("ln_centered_willmore"); }

TEST_CASE("ln is linear with an output nonlinearity of its own per unit") {
  const auto spec = spec_of("{kind: ln, context: 3}");
  const auto model = spec.build(some_axes(4), 2, true);
  const auto linear = spec_of("{kind: linear, context: 3}").build(some_axes(4), 2, true);
  CHECK(model->backbone().response_kernel() != nullptr);
  auto tensors = in_type(model->start({Random(1)}), at::kDouble);
  tensors.at("output/a").fill_(0.25);
  const auto layout = ops::join({12}, model->gap());
  const auto x = noise({1, layout->total, 4}, 1) * real_frames(*layout);
  const auto z = linear->respond(tensors, x, layout);
  CHECK(difference(model->drive(tensors, x, layout), z) == 0);
  CHECK(difference(model->respond(tensors, x, layout), 0.25 + at::sigmoid(z - 1)) < 1e-12);
}

}  // namespace
}  // namespace strffit::test
