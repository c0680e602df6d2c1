// The prefilters' averages against their plain references, and against the sums that they stand
// for.
#include "ops/adaptation.hpp"
#include "util/errors.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

constexpr std::int64_t kBands = 3;
const std::vector<std::int64_t> kKernelFrames{ops::kInfinite, 2, 3, 6, 9, 40};

std::string described(std::int64_t kernel_frames, bool rectify) {
  return (kernel_frames == ops::kInfinite ? "infinite"
                                          : std::to_string(kernel_frames) + " frames") +
         (rectify ? ", rectified" : "");
}

TEST_CASE("adaptrans: values and gradients") {
  for (const auto frames : kKernelFrames) {
    for (const bool rectify : {false, true}) {
      for (const bool shared : {true, false}) {
        const auto layout = some_stimuli(frames % 3);
        const std::int64_t members = 2;
        const auto with = [&](auto adaptrans) {
          return Function([&, adaptrans](const auto& in) {
            return adaptrans(in[0], in[1], in[2], in[3], frames, rectify, layout);
          });
        };
        const auto parameter = [&](std::uint64_t seed) {
          return noise({members, kBands}, seed).abs() + 0.3;
        };
        check_agreement(described(frames, rectify) + (shared ? ", shared x" : ""),
                        with(ops::adaptrans), with(ops::plain::adaptrans),
                        {noise({shared ? 1 : members, layout->total, kBands}, 1) + 0.4,
                         parameter(2), parameter(3), parameter(4)});
      }
    }
  }
}

TEST_CASE("willmore: values and gradients") {
  for (const auto frames : kKernelFrames) {
    for (const bool rectify : {false, true}) {
      for (const std::int64_t members : {1, 2}) {
        const auto layout = some_stimuli(2);
        const auto a = at::tensor({0.6, 0.9, 0.99}, at::kDouble);
        const auto with = [&](auto willmore) {
          return Function([&, willmore](const auto& in) {
            return willmore(in[0], a, frames, rectify, layout);
          });
        };
        check_agreement(described(frames, rectify), with(ops::willmore), with(ops::plain::willmore),
                        {noise({members, layout->total, kBands}, 1) + 0.4});
      }
    }
  }
}

TEST_CASE("averages are those of the taps that they stand for") {
  // Reference: the sum of models.md, Prefilters, tap by tap; infinite: enough taps for 0.6^n to
  // vanish.
  const std::int64_t T = 30;
  const double a = 0.6;
  const auto layout = ops::join({T}, 0);
  const auto x = noise({1, T, 1}, 1);
  const auto value = [&](std::int64_t t) {
    return x[0][std::max<std::int64_t>(t, 0)][0].item<double>();
  };
  for (const auto frames : kKernelFrames) {
    CAPTURE(frames);
    const auto taps = frames == ops::kInfinite ? 80 : frames - 1;
    const auto found = ops::willmore(x, at::tensor({a}, at::kDouble), frames, false, layout);
    double worst = 0;
    for (std::int64_t t = 0; t < T; ++t) {
      double sum = 0, weights = 0;
      for (std::int64_t k = 0; k < taps; ++k) {
        sum += std::pow(a, k) * value(t - 1 - k);
        weights += std::pow(a, k);
      }
      worst = std::max(worst, std::abs(found[0][t][0].item<double>() - (value(t) - sum / weights)));
    }
    CHECK(worst < 1e-12);
  }
}

TEST_CASE("adaptrans: ON after a step at frame 1") {
  // Reference: the recursion of models.md, solved. Tolerance: 200 float32 roundings of 6e-8.
  const std::int64_t T = 200;
  const double a = 0.95, w = 0.75;
  auto x = at::ones({1, T, 1}, at::kFloat);
  x[0][0][0] = 0;
  const auto parameter = [](double share) {
    return at::full({1, 1}, std::sqrt(1 / share - 1), at::kFloat);
  };
  const auto out = ops::adaptrans(x, parameter(a), parameter(a), parameter(w), ops::kInfinite,
                                  false, ops::join({T}, 0));
  double worst_on = 0, worst_off = 0;
  for (std::int64_t t = 1; t < T; ++t) {
    const double average = 1 - std::pow(a, t - 1);
    worst_on = std::max(worst_on, std::abs(out[0][t][0].item<double>() - (1 - w * average)));
    worst_off = std::max(worst_off, std::abs(out[0][t][1].item<double>() - (average - w)));
  }
  CHECK(worst_on < 2e-5);
  CHECK(worst_off < 2e-5);
}

TEST_CASE("gap frames: zero values and zero gradients, whatever stands there") {
  const auto layout = some_stimuli(3);
  const auto gaps = 1 - real_frames(*layout);
  const auto a = at::tensor({0.6, 0.9, 0.99}, at::kDouble);
  for (const auto frames : {ops::kInfinite, std::int64_t{4}}) {
    const std::vector<Function> functions{
        [&](const auto& in) { return ops::willmore(in[0], a, frames, true, layout); },
        [&](const auto& in) {
          return ops::adaptrans(in[0], in[1], in[1] * 2, in[1] + 1, frames, true, layout);
        }};
    for (const auto& function : functions) {
      const std::vector<at::Tensor> inputs{noise({1, layout->total, kBands}, 1) + gaps * 1e3,
                                           noise({2, kBands}, 2).abs()};
      const auto value = function(inputs);
      const auto result = differentiate(function, inputs, noise(value.sizes().vec(), 3));
      CHECK(largest(result.value * gaps) == 0);
      CHECK(largest(result.gradients[0] * gaps) == 0);
      CHECK(largest(result.gradients[0]) > 0);
    }
  }
}

TEST_CASE("an average of one frame has no past") {
  const auto layout = ops::join({4}, 0);
  CHECK_THROWS_AS(ops::willmore(at::zeros({1, 4, 1}), at::ones({1}), 1, true, layout), Bug);
}

}  // namespace
}  // namespace strffit::test
