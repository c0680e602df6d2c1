// Output nonlinearities: their starting values, their range, and that a name gives its function.
#include "model/output.hpp"
#include "ops/norm.hpp"
#include "ops/output.hpp"
#include "support/tensors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit::test {
namespace {

const std::vector<std::string> kParametric{"parametric_sigmoid", "parametric_softplus",
                                           "double_exponential"};

Tensors parameters(const Output& output, std::int64_t members) {
  Tensors tensors;
  for (const auto& entry : output.entries()) {
    auto shape = entry.shape;
    shape.insert(shape.begin(), members);
    tensors[entry.name] = at::ones(shape, at::kDouble);
  }
  return tensors;
}

TEST_CASE("a name gives its function") {
  const auto x = noise({2, 9, 3}, 1);
  CHECK(output_names().size() == ops::activation_names().size() + kParametric.size());
  for (std::size_t i = 0; i < output_names().size(); ++i) {
    const auto& name = output_names()[i];
    CAPTURE(name);
    const Output output(name, 3, true);
    auto tensors = parameters(output, 2);
    CHECK(output.parametric() == (i >= ops::activation_names().size()));
    CHECK(tensors.size() == (output.parametric() ? 4 : 0));
    const auto found = output.apply(tensors, x);
    if (output.parametric()) {
      const auto one = at::ones({2, 3}, at::kDouble);
      const auto kind = static_cast<ops::Parametric>(i - ops::activation_names().size());
      CHECK(difference(found, ops::plain::parametric(x, one, one, one, one, kind)) < 1e-12);
    } else {
      CHECK(difference(found, ops::plain::activate(x, static_cast<ops::Activation>(i))) == 0);
    }
    // What a Poisson loss relies on.
    const auto lowest =
        output.apply(tensors, at::full({2, 1, 3}, -40, at::kDouble)).min().item<double>();
    CHECK(non_negative_output(name) == (lowest >= 0));
  }
}

TEST_CASE("a fit to a unit's range puts the typical drive on the slope") {
  // Reference: the formulas. At the mean drive a response lies inside the range, and it rises.
  for (const auto& name : kParametric) {
    CAPTURE(name);
    const Output output(name, 2, true);
    auto tensors = parameters(output, 2);
    const auto before = output.apply(tensors, at::zeros({2, 1, 2}, at::kDouble));
    output.fit_range(tensors, 1, 0, {.low = 0.5, .high = 4.5, .drive_mean = 10, .drive_std = 3});
    const auto at_drive = [&](double drive) {
      return output.apply(tensors, at::full({2, 1, 2}, drive, at::kDouble))[1][0][0].item<double>();
    };
    CHECK(at_drive(10) > 0.5);
    CHECK(at_drive(10) < 4.5);
    CHECK(at_drive(13) > at_drive(10) + 0.3);
    CHECK(at_drive(10 - 60) == doctest::Approx(0.5).epsilon(0.01));
    // No other unit or member is touched.
    const auto after = output.apply(tensors, at::zeros({2, 1, 2}, at::kDouble));
    CHECK(difference(after[0], before[0]) == 0);
    CHECK(after[1][0][1].item<double>() == before[1][0][1].item<double>());

    // A silent unit, and a drive that does not vary: finite.
    output.fit_range(tensors, 0, 1, {.low = 0, .high = 0, .drive_mean = 0, .drive_std = 0});
    CHECK(largest(output.apply(tensors, noise({2, 5, 2}, 1))) < 1e6);
  }
}

TEST_CASE("a fit by least squares finds the nonlinearity that made the responses") {
  const auto drive = noise({400}, 1);
  for (std::size_t i = 0; i < kParametric.size(); ++i) {
    CAPTURE(kParametric[i]);
    const Output output(kParametric[i], 1, true);
    auto tensors = parameters(output, 1);
    const auto value = [](double v) { return at::full({1, 1}, v, at::kDouble); };
    const auto truth = ops::plain::parametric(drive.view({1, -1, 1}), value(0.4), value(3),
                                              value(i == 0 ? 0.6 : 1.9), value(i == 0 ? 0.5 : 0.6),
                                              static_cast<ops::Parametric>(i))
                           .flatten();
    REQUIRE(output.fit(tensors, 0, 0, drive, truth + 0.05 * noise({400}, 2)));
    const auto found = output.apply(tensors, drive.view({1, -1, 1})).flatten();
    const double unexplained = (found - truth).square().sum().item<double>() /
                               (truth - truth.mean()).square().sum().item<double>();
    CHECK(unexplained < 0.02);

    // Nothing rising explains a response that falls; nothing is changed then.
    const auto before = tensors.at("output/a").clone();
    CHECK(!output.fit(tensors, 0, 0, drive, -drive));
    CHECK(difference(tensors.at("output/a"), before) == 0);
    CHECK(!output.fit(tensors, 0, 0, drive, at::ones({400}, at::kDouble)));
  }
  Tensors none;
  CHECK(!Output("relu", 1, true).fit(none, 0, 0, drive, drive));
}

TEST_CASE("baseline and range of counts stay non-negative, slopes above 0") {
  for (const auto& name : kParametric) {
    for (const bool non_negative : {true, false}) {
      CAPTURE(name);
      const Output output(name, 2, non_negative);
      auto tensors = parameters(output, 1);
      for (auto& [key, tensor] : tensors) tensor.fill_(-1);
      output.constrain(tensors);
      const bool slope_is_d = name == "parametric_sigmoid";
      for (const std::string key : {"a", "b"})
        CHECK(tensors.at("output/" + key)[0][0].item<double>() == (non_negative ? 0 : -1));
      CHECK(tensors.at(slope_is_d ? "output/d" : "output/c")[0][0].item<double>() > 0);
      CHECK(tensors.at(slope_is_d ? "output/c" : "output/d")[0][0].item<double>() == -1);
    }
  }
}

}  // namespace
}  // namespace strffit::test
