// StateNet: the reference implementation's numbers, and what is particular to it.
#include "model/statenet.hpp"
#include "support/gradcheck.hpp"
#include "support/model_text.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "support/vector_file.hpp"
#include "vector_case.hpp"

namespace strffit::test {
namespace {

TEST_CASE("reference vectors: statenet_gru_adaptrans") { check_case("statenet_gru_adaptrans"); }
TEST_CASE("reference vectors: statenet_gru_batch") { check_case("statenet_gru_batch"); }
TEST_CASE("reference vectors: statenet_lstm") { check_case("statenet_lstm"); }
TEST_CASE("reference vectors: statenet_leaky_adaptrans") { check_case("statenet_leaky_adaptrans"); }
TEST_CASE("reference vectors: statenet_leaky_dcls") { check_case("statenet_leaky_dcls"); }

TEST_CASE("the local layer is the reference's") {
  const VectorFile file("pieces.h5");
  for (const std::string name :
       {"locally_connected_stride1", "locally_connected_stride3", "locally_connected_3_frames"}) {
    CAPTURE(name);
    const auto read = [&](const std::string& path) {
      return to_tensor(file.doubles(name + "/" + path));
    };
    const auto x = read("inputs/x");  // (C, F, T)
    const std::int64_t gap = 2, T = x.size(2);
    const auto layout = ops::join({T}, gap);
    const std::vector<at::Tensor> inputs{x, read("parameters/weight"), read("parameters/bias")};
    const auto bands = x.size(1),
               stride = static_cast<std::int64_t>(file.number_attribute(name, "stride"));
    const auto local = [&](const std::vector<at::Tensor>& in) {
      const auto signal = in[0].reshape({-1, T}).transpose(0, 1).unsqueeze(0);
      const auto silence = at::zeros({1, gap, signal.size(2)}, signal.options());
      const auto e = locally_connected(at::cat({silence, signal, silence}, 1), in[1].unsqueeze(0),
                                       in[2].unsqueeze(0), bands, stride, layout);
      return e[0]
          .narrow(0, gap, T)
          .reshape({T, in[1].size(0), in[1].size(1)})
          .permute({2, 1, 0});  // (channels, P, T)
    };
    const auto found = differentiate(local, inputs, read("output_weight"));
    CHECK(relative_difference(found.value, read("output")) < 1e-12);
    CHECK(relative_difference(found.gradients[0], read("gradients/x")) < 1e-12);
    CHECK(relative_difference(found.gradients[1], read("gradients/weight")) < 1e-12);
    CHECK(relative_difference(found.gradients[2], read("gradients/bias")) < 1e-12);
  }
}

TEST_CASE("positions, recurrent units by default, and bands left over at the top") {
  const auto model = spec_of("{kind: statenet, channels: 2, kernel_frequency: 3, stride: 2}")
                         .build(some_axes(8), 1, true);
  const auto tensors = in_type(model->start({Random(1)}), at::kDouble);
  CHECK(tensors.at("local/weight").sizes().vec() == std::vector<std::int64_t>{1, 3, 2, 1, 3});
  CHECK(tensors.at("recurrent/hidden_weight").sizes().vec() ==
        std::vector<std::int64_t>{1, 3 * 6, 6});
  const auto layout = ops::join({10}, model->gap());
  auto x = noise({1, 10, 8}, 1);
  const auto before = model->respond(tensors, x, layout);
  x.select(2, 7).add_(5);
  CHECK(difference(model->respond(tensors, x, layout), before) == 0);
  x.select(2, 6).add_(5);
  CHECK(difference(model->respond(tensors, x, layout), before) > 1e-6);
}

TEST_CASE("a local layer wider than the dataset is refused by name") {
  const auto spec = spec_of("{kind: statenet}");
  CHECK_NOTHROW(spec.build(some_axes(7), 1, true));
  CHECK_THROWS_WITH_AS(spec.build(some_axes(6), 1, true),
                       doctest::Contains("the 6 bands of the dataset"), DataError);
}

}  // namespace
}  // namespace strffit::test
