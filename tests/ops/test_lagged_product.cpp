// The STRF product, the dense layer and the unfolding of bands against their plain references.
#include "ops/cuda/lagged_batched.hpp"
#include "ops/dense.hpp"
#include "ops/gemm.hpp"
#include "ops/lagged_product.hpp"
#include "util/errors.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

struct Product {
  std::string name;
  std::int64_t members, outputs, channels, bands, lags, ahead;
  bool shared;             // one x for all members
  bool own_input = false;  // though there is one member alone
};

TEST_CASE("lagged product: values and gradients") {
  const std::vector<Product> products{
      {"one member, one output", 1, 1, 1, 5, 4, 0, true},
      {"shared x", 3, 2, 2, 4, 5, 0, true},
      {"shared x, one output each", 3, 1, 1, 4, 3, 0, true},
      {"x of each member, few columns", 2, 3, 2, 3, 5, 0, false},
      {"x of each member, one output", 3, 1, 2, 4, 6, 0, false},
      {"x of each member, many columns", 2, 15, 1, 3, 3, 0, false},
      {"x of each member, more columns", 2, 23, 1, 3, 3, 0, false},
      {"one lag", 2, 3, 1, 4, 1, 0, true},
      {"one lag, x of each member", 2, 41, 1, 4, 1, 0, false},
      {"centered", 2, 2, 1, 3, 5, 2, true},
      {"centered, few columns", 2, 2, 1, 3, 5, 2, false},
      {"centered, many columns", 2, 14, 1, 3, 3, 1, false},
      {"wholly ahead", 2, 2, 1, 3, 4, 3, false},
      {"in tiles", 2, 16, 2, 3, 3, 0, true},
      {"in tiles, two threes of which one is short", 1, 17, 1, 4, 4, 0, true},
      {"in tiles, centered", 2, 16, 1, 3, 5, 2, true},
      {"in tiles, wholly ahead", 1, 16, 1, 3, 6, 5, true},
      {"in tiles, x of each member", 2, 16, 2, 3, 3, 0, false},
      {"one member's own x, few columns", 1, 3, 2, 3, 5, 0, true, true},
      {"one member's own x, in tiles", 1, 17, 2, 3, 5, 1, true, true},
  };
  for (const auto& p : products) {
    for (const std::int64_t extra : {0, 3}) {  // a gap larger than needed
      const auto layout = some_stimuli(p.lags - 1 + extra);
      const auto real = real_frames(*layout);
      // What stands at gap frames is zero, and stays so while the stimuli are varied.
      const auto x =
          noise({p.shared ? 1 : p.members, layout->total, p.channels * p.bands}, 1) * real;
      const auto kernel = noise({p.members, p.outputs, p.channels, p.bands, p.lags}, 2);
      const auto bias = noise({p.members, p.outputs}, 3);
      const auto with = [&](auto product) {
        return Function([&, product](const std::vector<at::Tensor>& in) {
          return product(in[0] * real.to(in[0].scalar_type()), in[1], in[2], layout, p.ahead);
        });
      };
      const auto plain = with(ops::plain::lagged_product);
      check_agreement(p.name + (extra ? ", wide gap" : ""), with([&](const auto&... in) {
                        return ops::lagged_product(in..., p.own_input);
                      }),
                      plain, {x, kernel, bias}, real);
      check_agreement(p.name + ", as on a GPU", with([&](const auto&... in) {
                        return ops::batched::lagged_product(in..., p.own_input);
                      }),
                      plain, {x, kernel, bias}, real);
    }
  }
}

TEST_CASE("lagged product: longer than the stretches that it is worked in") {
  const auto layout = ops::join({300, 517, 1}, 5);
  const auto real = real_frames(*layout);
  for (const auto& [shared, outputs] :
       {std::pair{true, 2}, std::pair{false, 2}, std::pair{true, 16}}) {
    CAPTURE(shared);
    CAPTURE(outputs);
    const std::vector<at::Tensor> inputs{noise({shared ? 1 : 2, layout->total, 3}, 1) * real,
                                         noise({2, outputs, 1, 3, 6}, 2), noise({2, outputs}, 3)};
    const auto weight = noise({2, layout->total, outputs}, 4) * real;
    const auto with = [&](auto product) {
      return differentiate(
          [&, product](const auto& in) { return product(in[0], in[1], in[2], layout, 0); }, inputs,
          weight);
    };
    const auto found = with([](const auto&... in) { return ops::lagged_product(in...); }),
               expected = with(ops::plain::lagged_product);
    CHECK(relative_difference(found.value * real, expected.value * real) < 1e-9);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(relative_difference(found.gradients[i], expected.gradients[i]) < 1e-9);
    }
  }
}

TEST_CASE("lagged product: as many threads as may be change no bit of one in tiles") {
  const auto layout = ops::join({3000, 5200, 70}, 5);
  const std::vector<at::Tensor> inputs{noise({1, layout->total, 3}, 1) * real_frames(*layout),
                                       noise({2, 16, 1, 3, 6}, 2), noise({2, 16}, 3)};
  const auto weight = noise({2, layout->total, 16}, 4) * real_frames(*layout);
  const auto with = [&](int threads) {
    ops::set_inner_threads(threads);
    const auto found = differentiate(
        [&](const auto& in) { return ops::lagged_product(in[0], in[1], in[2], layout, 0); }, inputs,
        weight, at::kFloat);
    ops::set_inner_threads(1);
    return found;
  };
  const auto one = with(1), three = with(3);
  CHECK(at::equal(one.value, three.value));
  CHECK(at::equal(one.gradients[1], three.gradients[1]));
}

TEST_CASE(
    "lagged product: lag 0 is the current frame, and a stimulus does not see the one before") {
  // Reference: the definition, written out. x is 1 at the last frame of the first stimulus alone.
  const auto layout = ops::join({3, 4}, 2);
  auto x = at::zeros({1, layout->total, 1}, at::kDouble);
  x[0][layout->segments[0].begin + 2][0] = 1;
  x[0][layout->segments[1].begin + 1][0] = 10;
  const auto kernel = at::tensor({5.0, 6.0, 7.0}, at::kDouble).view({1, 1, 1, 1, 3});
  const auto z = ops::lagged_product(x, kernel, at::full({1, 1}, 0.5, at::kDouble), layout);
  const auto of = [&](std::size_t s, std::int64_t t) {
    return z[0][layout->segments[s].begin + t][0].item<double>() - 0.5;
  };
  CHECK(of(0, 1) == 0);
  CHECK(of(0, 2) == 5);
  CHECK(of(1, 0) == 0);
  CHECK(of(1, 1) == 50);
  CHECK(of(1, 2) == 60);
  CHECK(of(1, 3) == 70);
}

TEST_CASE("lagged product: what does not fit together is a bug, not a read beyond the end") {
  const auto layout = ops::join({5}, 2);
  const auto x = at::zeros({1, layout->total, 3}, at::kDouble),
             bias = at::zeros({1, 1}, at::kDouble);
  const auto kernel = [](std::int64_t bands, std::int64_t lags) {
    return at::zeros({1, 1, 1, bands, lags}, at::kDouble);
  };
  CHECK_THROWS_AS(ops::lagged_product(x, kernel(3, 4), bias, layout), Bug);
  CHECK_THROWS_AS(ops::lagged_product(x, kernel(2, 3), bias, layout), Bug);
  CHECK_THROWS_AS(ops::lagged_product(x, kernel(3, 3), bias, ops::join({6}, 2)), Bug);
  CHECK_NOTHROW(ops::lagged_product(x, kernel(3, 3), bias, layout));
}

TEST_CASE("dense layer: values and gradients") {
  for (const std::int64_t members : {1, 3}) {
    for (const std::int64_t outputs : {1, 4}) {
      const auto x = noise({members, 11, 5}, 1);
      const auto with = [](auto dense) {
        return Function([dense](const auto& in) { return dense(in[0], in[1], in[2]); });
      };
      for (const bool beside : {false, true}) {
        check_agreement(beside ? "side by side" : "member after member", with(ops::dense),
                        with(ops::plain::dense),
                        {beside ? side_by_side(x) : x, noise({members, outputs, 5}, 2),
                         noise({members, outputs}, 3)});
      }
    }
  }
}

TEST_CASE("dense layer: longer than the stretches that its gradient is summed in") {
  const std::vector<at::Tensor> inputs{noise({2, 1300, 5}, 1), noise({2, 1, 5}, 2),
                                       noise({2, 1}, 3)};
  const auto weight = noise({2, 1300, 1}, 4);
  const auto with = [&](auto dense) {
    return differentiate([dense](const auto& in) { return dense(in[0], in[1], in[2]); }, inputs,
                         weight);
  };
  const auto found = with(ops::dense), expected = with(ops::plain::dense);
  CHECK(relative_difference(found.value, expected.value) < 1e-9);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(relative_difference(found.gradients[i], expected.gradients[i]) < 1e-9);
}

TEST_CASE("the BLAS in use has a name") { CHECK(std::string(ops::blas_name()).size() > 3); }

}  // namespace
}  // namespace strffit::test
