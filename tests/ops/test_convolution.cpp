// Convolutions over frequency and time against LibTorch's, and the dense layer behind them.
#include "ops/convolution.hpp"
#include "util/errors.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

// A signal (M, C, F, S) that is zero at gap frames.
at::Tensor planes(std::int64_t members, std::int64_t channels, std::int64_t bands,
                  const ops::Layout& layout, std::uint64_t seed) {
  auto x = at::zeros({members, channels, bands, layout.total}, at::kDouble);
  for (const auto& [begin, frames] : layout.segments)
    x.narrow(3, begin, frames).copy_(noise({members, channels, bands, frames}, seed + 100));
  return x;
}

at::Tensor real_planar_frames(const ops::Layout& layout) {
  auto real = at::zeros({1, 1, 1, layout.total}, at::kDouble);
  for (const auto& [begin, frames] : layout.segments) real.narrow(3, begin, frames).fill_(1);
  return real;
}

struct Size {
  std::int64_t members, outputs, channels, bands, width, lags;
};

TEST_CASE("convolution: values and gradients") {
  // Counts of outputs, lags and bands on both sides of what is worked at once, odd ones and even
  // ones, and stimuli longer and shorter than a register.
  for (const auto& [members, outputs, channels, bands, width, lags] :
       {Size{1, 1, 1, 1, 1, 1}, Size{2, 3, 2, 4, 3, 2}, Size{1, 13, 1, 2, 2, 3},
        Size{1, 2, 1, 3, 1, 10}, Size{2, 13, 2, 7, 3, 10}, Size{1, 5, 3, 8, 3, 2}}) {
    const auto layout = ops::join({9, 1, 40, 2}, std::max<std::int64_t>(lags - 1, 1));
    const auto x = planes(members, channels, bands, *layout, 1);
    const auto weight = noise({members, outputs, channels, width, lags}, 2);
    const auto bias = noise({members, outputs}, 3), real = real_planar_frames(*layout);
    for (const std::int64_t ahead : {std::int64_t{0}, (lags - 1) / 2}) {
      const auto with = [&, ahead = ahead](auto convolution) {
        return Function([&, convolution, ahead](const auto& in) {
          return convolution(in[0] * real.to(in[0].scalar_type()), in[1], in[2], layout, ahead);
        });
      };
      check_agreement(std::to_string(outputs) + " outputs, " + std::to_string(lags) + " lags, " +
                          std::to_string(ahead) + " ahead",
                      with(ops::convolution), with(ops::plain::convolution), {x, weight, bias},
                      real);
    }
  }
}

TEST_CASE("convolution: signals longer than what is worked at once") {
  const auto layout = ops::join({700, 3, 530}, 4);
  const auto x = planes(1, 2, 9, *layout, 1), real = real_planar_frames(*layout);
  const std::vector<at::Tensor> inputs = {x, noise({1, 3, 2, 3, 5}, 2), noise({1, 3}, 3)};
  const auto weight = noise({1, 3, 7, layout->total}, 4) * real;
  const auto with = [&](auto convolution) {
    return differentiate(
        [&](const auto& in) { return convolution(in[0], in[1], in[2], layout, 1) * real; }, inputs,
        weight);
  };
  const auto found = with(ops::convolution), expected = with(ops::plain::convolution);
  CHECK(relative_difference(found.value, expected.value) < 1e-9);
  CHECK(relative_difference(found.gradients[0] * real, expected.gradients[0] * real) < 1e-9);
  CHECK(relative_difference(found.gradients[1], expected.gradients[1]) < 1e-9);
}

TEST_CASE("convolution: members that share their input") {
  const auto layout = ops::join({20, 7}, 2);
  const auto x = planes(1, 2, 4, *layout, 1), real = real_planar_frames(*layout);
  const auto with = [&](auto convolution) {
    return Function([&, convolution](const auto& in) {
      return convolution(in[0] * real.to(in[0].scalar_type()), in[1], in[2], layout, 0);
    });
  };
  check_agreement("shared", with(ops::convolution), with(ops::plain::convolution),
                  {x, noise({3, 2, 2, 3, 3}, 2), noise({3, 2}, 3)}, real);
}

TEST_CASE("convolution: what does not fit is a bug") {
  const auto layout = ops::join({6}, 2);
  const auto x = at::zeros({1, 2, 3, layout->total}, at::kDouble), bias = at::zeros({1, 1});
  const auto weight = [](std::int64_t channels, std::int64_t width, std::int64_t lags) {
    return at::zeros({1, 1, channels, width, lags}, at::kDouble);
  };
  CHECK_THROWS_AS(ops::convolution(x, weight(2, 3, 4), bias, layout), Bug);
  CHECK_THROWS_AS(ops::convolution(x, weight(1, 3, 3), bias, layout), Bug);
  CHECK_THROWS_AS(ops::convolution(x, weight(2, 4, 3), bias, layout), Bug);
  CHECK_THROWS_AS(ops::convolution(x, weight(2, 3, 3), bias, ops::join({7}, 2)), Bug);
}

TEST_CASE("dense layer of a planar signal: values and gradients") {
  for (const std::int64_t members : {1, 3}) {
    const auto with = [](auto dense) {
      return Function([dense](const auto& in) { return dense(in[0], in[1], in[2]); });
    };
    check_agreement(
        "planar", with(ops::dense_of_planar), with(ops::plain::dense_of_planar),
        {noise({members, 5, 11}, 1), noise({members, 4, 5}, 2), noise({members, 4}, 3)});
  }
}

TEST_CASE("the layout of stacked bands repeats the stimuli of each") {
  const auto layout = ops::join({4, 2}, 3);
  const auto stack = ops::stacked(*ops::with_windows(*layout, 5, 2), 3);
  CHECK(stack->total == 3 * layout->total);
  CHECK(stack->frames == 3 * layout->frames);
  CHECK(stack->window == 5);
  CHECK(stack->phase == 2);
  REQUIRE(stack->segments.size() == 6);
  CHECK(stack->segments[3].begin == layout->total + layout->segments[1].begin);
  CHECK(stack->segments[3].frames == 2);
  CHECK(stack->segments[4].begin == 2 * layout->total + 3);
}

}  // namespace
}  // namespace strffit::test
