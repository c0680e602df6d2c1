// Each compression against its formula, worked out by hand.
#include <doctest/doctest.h>

#include "sound/compression.hpp"
#include "sounds.hpp"
#include "support/messages.hpp"
#include "support/near.hpp"
#include "util/errors.hpp"

namespace strffit::test {
namespace {

constexpr double kFloat = 1e-6;  // values are float32, and so are those compressed

std::vector<float> compressed(const std::string& yaml, std::vector<float> values,
                              double loudest_of_all = 0, const std::string& kind = "{power: 1, ") {
  const auto options = options_of(kind + "compression: " + yaml + "}").compression;
  Array<float> x({static_cast<std::int64_t>(values.size()), 1}, std::move(values));
  compress(x, options, loudest_of_all);
  return x.values;
}

void check(const std::vector<float>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(static_cast<double>(found[i]) == near(expected[i], kFloat, kFloat));
  }
}

TEST_CASE("compression: none, power, log") {
  check(compressed("{}", {0, 0.5, 3}), {0, 0.5, 3});
  check(compressed("{kind: none}", {0, 0.5, 3}), {0, 0.5, 3});
  check(compressed("{kind: power}", {0, 16, 0.0625}), {0, 2, 0.5});
  check(compressed("{kind: power, exponent: 2}", {0, 3}), {0, 9});
  check(compressed("{kind: log, d: 0.5}", {0, 0.5, 3.5}), {0, std::log(2), std::log(8)});
}

TEST_CASE("compression: decibels below the loudest of all sounds, or below a number") {
  // 20 dB a factor of 10.
  check(compressed("{kind: decibel, range_db: 60}", {0, 1e-9F, 0.002F, 0.02F, 0.2F, 2}, 2),
        {0, 0, 0, 20, 40, 60});
  // The loudest of another sound.
  check(compressed("{kind: decibel, range_db: 60}", {0, 0.2F, 2}, 20), {0, 20, 40});
  check(compressed("{kind: decibel, range_db: 70, reference: 1}", {0, 1e-4F, 1, 10}),
        {0, 0, 70, 90});
  // Of powers, 10 dB a factor of 10.
  check(compressed("{kind: decibel, range_db: 60}", {0, 0.2F, 2}, 2, "{power: 2, "), {0, 50, 60});
}

TEST_CASE("compression: hill") {
  // (c x)^n / (1 / k + (c x)^n)
  check(compressed("{kind: hill, c: 2, n: 3, k: 0.5}", {0, 0.5, 1, 1e30F}),
        {0, 1.0 / (2 + 1), 8.0 / (2 + 8), 1});
  // Rahman et al. 2020: of decibels above -40 dB, c = .01, 1 / k = .16, n = 1.77.
  const double x = 0.01 * 60, to_n = std::pow(x, 1.77);
  check(compressed("{kind: hill, of: decibel, range_db: 40, reference: 1}", {0, 1e-3F, 10}),
        {0, 0, to_n / (0.16 + to_n)});
}

TEST_CASE("compression: whether all sounds are needed first, and silence") {
  const auto options = [](const std::string& yaml) {
    return options_of("{compression: " + yaml + "}").compression;
  };
  CHECK(options("{kind: decibel}").needs_loudest());
  CHECK(options("{kind: hill, of: decibel}").needs_loudest());
  for (const char* yaml :
       {"{}", "{kind: power}", "{kind: log}", "{kind: hill}", "{kind: decibel, reference: 2}"}) {
    CHECK_FALSE(options(yaml).needs_loudest());
  }
  Array<float> silent({2, 3});
  CHECK(contains(error_of<DataError>([&] { compress(silent, options("{kind: decibel}"), 0); }),
                 "every sound is silent"));
  CHECK(loudest(silent) == 0);
  CHECK(loudest(Array<float>({0, 0})) == 0);
  CHECK(loudest(Array<float>({1, 3}, std::vector<float>{1, 5, 2})) == 5);
}

}  // namespace
}  // namespace strffit::test
