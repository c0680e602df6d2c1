// Which units dropout keeps: against the reference implementation, and on other devices.
#include "ops/dropout.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"
#include "support/vector_file.hpp"

namespace strffit::test {
namespace {

at::Tensor step_of(std::int64_t number) { return at::full({}, number, at::kLong); }

TEST_CASE("dropout keeps the units that the reference keeps") {
  const VectorFile file("pieces.h5");
  for (const std::string name : {"kept_units_0.2_step1_layer0", "kept_units_0.2_step1_layer1",
                                 "kept_units_0.5_step12345_layer1"}) {
    CAPTURE(name);
    const auto keys = to_tensor(file.doubles(name + "/inputs/key")).to(at::kLong);
    const auto expected = to_tensor(file.doubles(name + "/output"));
    const auto layer = static_cast<std::int64_t>(file.number_attribute(name, "layer"));
    const auto step = step_of(static_cast<std::int64_t>(file.number_attribute(name, "step")));
    const auto fraction = file.number_attribute(name, "fraction");
    const auto units = expected.size(1);
    CHECK(difference(ops::kept_units(keys, step, layer, units, fraction, at::kDouble), expected) ==
          0);
    CHECK(difference(ops::plain::kept_units(keys, step, layer, units, fraction, at::kDouble),
                     expected) == 0);
  }
}

TEST_CASE("dropout by LibTorch's integers is that of 64-bit words, for keys of any size") {
  const auto keys = at::tensor(
      std::vector<std::int64_t>{0, 1, -1, INT64_MAX, INT64_MIN, 0x123456789abcdef}, at::kLong);
  for (const std::int64_t number : {std::int64_t{1}, std::int64_t{1} << 40}) {
    for (const double fraction : {1e-9, 0.1, 0.5, 0.999}) {
      const auto found =
          ops::plain::kept_units(keys, step_of(number), 1, 200, fraction, at::kFloat);
      CHECK(found.equal(ops::kept_units(keys, step_of(number), 1, 200, fraction, at::kFloat)));
    }
  }
}

TEST_CASE("dropout drops the share that is asked for, and leaves the mean as it was") {
  // Tolerance: five standard deviations of a mean over 8 x 5,000 independent units.
  const auto keys = at::arange(8, at::kLong);
  for (const double fraction : {0.1, 0.5, 0.9}) {
    const auto kept = ops::kept_units(keys, step_of(3), 0, 5000, fraction, at::kDouble);
    const double spread = std::sqrt(fraction * (1 - fraction) / 40000);
    CHECK(std::abs((kept == 0).to(at::kDouble).mean().item<double>() - fraction) < 5 * spread);
    CHECK(std::abs(kept.mean().item<double>() - 1) < 5 * spread / (1 - fraction));
  }
}

}  // namespace
}  // namespace strffit::test
