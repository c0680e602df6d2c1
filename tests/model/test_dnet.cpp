// Dynamic network: the reference implementation's numbers, and what is particular to it.
#include "support/model_text.hpp"
#include "support/tensors.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "vector_case.hpp"

namespace strffit::test {
namespace {

TEST_CASE("reference vectors: dnet_full") { check_case("dnet_full"); }
TEST_CASE("reference vectors: dnet_dcls_adaptrans") { check_case("dnet_dcls_adaptrans"); }
TEST_CASE("reference vectors: dnet_separable_willmore") { check_case("dnet_separable_willmore"); }

TEST_CASE("time constants start around the one asked for") {
  // Reference: d ~ Exponential with mean sqrt(init_tau - 1); 2 % is 3 standard errors of 20,000
  // numbers.
  const auto model =
      spec_of("{kind: dnet, hidden: 20000, context: 1, init_tau: 10}").build(some_axes(1), 2, true);
  const auto d = model->start({Random(1)}).at("hidden_decay/d");
  CHECK(d.mean().item<double>() == doctest::Approx(3).epsilon(0.022));
  CHECK(d.std().item<double>() == doctest::Approx(3).epsilon(0.06));
  CHECK(d.min().item<double>() >= 0);
}

TEST_CASE("without memory a dnet is an nrf") {
  const std::string rest = ", hidden: 4, context: 3}";
  const auto model = spec_of("{kind: dnet" + rest).build(some_axes(4), 2, true);
  const auto nrf = spec_of("{kind: nrf" + rest).build(some_axes(4), 2, true);
  auto tensors = in_type(model->start({Random(1)}), at::kDouble);
  tensors.at("hidden_decay/d").zero_();
  tensors.at("output_decay/d").zero_();
  const auto layout = ops::join({12, 5}, model->gap());
  const auto real = real_frames(*layout);
  const auto x = noise({1, layout->total, 4}, 1) * real;
  CHECK(difference(model->respond(tensors, x, layout) * real,
                   nrf->respond(tensors, x, layout) * real) < 1e-12);
}

}  // namespace
}  // namespace strffit::test
