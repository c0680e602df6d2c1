// 2D-CNN: the reference implementation's numbers, and what is particular to it.
#include "support/model_text.hpp"
#include "support/tensors.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "vector_case.hpp"

namespace strffit::test {
namespace {

TEST_CASE("reference vectors: conv2d") { check_case("conv2d"); }
TEST_CASE("reference vectors: conv2d_layer_adaptrans") { check_case("conv2d_layer_adaptrans"); }

TEST_CASE("three layers look back context() frames, and no further") {
  const auto model =
      spec_of("{kind: conv2d, kernel_size: [2, 3], channels: 2}").build(some_axes(5), 1, true);
  CHECK(model->context() == 7);
  CHECK(model->gap() == 2);
  const auto tensors = in_type(model->start({Random(1)}), at::kDouble);
  const auto layout = ops::join({20}, model->gap());
  const auto begin = layout->segments[0].begin;
  auto x = noise({1, layout->total, 5}, 1) * real_frames(*layout);
  const auto before = model->respond(tensors, x, layout);
  x.narrow(1, begin + 4, 1).add_(1);
  const auto change = (model->respond(tensors, x, layout) - before).narrow(1, begin, 20).flatten();
  CHECK(largest(change.narrow(0, 0, 4)) == 0);
  CHECK(std::abs(change[10].item<double>()) > 1e-12);
  CHECK(largest(change.narrow(0, 11, 9)) == 0);
}

TEST_CASE("kernels that leave no band are refused by name") {
  const auto spec = spec_of("{kind: conv2d, kernel_size: [4, 2]}");
  CHECK_NOTHROW(spec.build(some_axes(10), 1, true));
  CHECK_THROWS_WITH_AS(spec.build(some_axes(9), 1, true),
                       doctest::Contains("9 bands of the dataset"), DataError);
  CHECK_THROWS_WITH_AS(spec_of("{kind: conv2d, kernel_size: [4]}"),
                       doctest::Contains("model.kernel_size: expected two numbers"), ConfigError);
}

}  // namespace
}  // namespace strffit::test
