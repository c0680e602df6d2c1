#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "metrics/statistics.hpp"
#include "support/near.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"

namespace strffit {
namespace {

using test::near;
using Values = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRounding = 1e-14;  // of a few sums of doubles

}  // namespace

TEST_CASE("statistics: constant is a range within 1e-6 of the largest magnitude") {
  CHECK(is_constant(Values{0, 0, 0}));
  CHECK(is_constant(Values{3}));
  CHECK(is_constant(Values{1, 1 - 9e-7}));
  CHECK_FALSE(is_constant(Values{1, 1 - 1.1e-6}));
  CHECK(is_constant(Values{-1000, -1000.0009}));
  CHECK_FALSE(is_constant(Values{-1e-9, 1e-9}));
}

TEST_CASE("statistics: what is not finite is never constant, wherever it stands") {
  for (const double bad : {kNaN, kInfinity, -kInfinity}) {
    for (std::size_t place = 0; place < 20; ++place) {
      Values values(20, 2.0);
      values[place] = bad;
      CHECK_FALSE(is_constant(values));
      CHECK(std::isnan(variance(values)));
      CHECK(std::isnan(
          pearson(values, Values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11})));
    }
    CHECK_FALSE(is_constant(Values(7, bad)));
  }
}

TEST_CASE("statistics: variance and covariance have divisor n - 1") {
  CHECK(variance(Values{1, 2, 3, 4}) == near(5.0 / 3, kRounding));
  CHECK(covariance(Values{1, 2, 3, 4}, Values{2, 0, 4, 6}) == near(8.0 / 3, kRounding));
  CHECK(variance(Values{1e8, 1e8 + 1000}) == near(5e5, kRounding));
  CHECK(variance(Values{0.1, 0.1 * (1 + 1e-8)}) == 0);
  CHECK(std::isnan(variance(Values{1})));
  CHECK(std::isnan(variance(Values{})));
  CHECK(std::isnan(covariance(Values{1}, Values{2})));
}

TEST_CASE("statistics: Pearson correlation") {
  CHECK(pearson(Values{1, 2, 3}, Values{10, 30, 50}) == near(1, kRounding));
  CHECK(pearson(Values{1, 2, 3}, Values{5, 3, 1}) == near(-1, kRounding));
  CHECK(pearson(Values{1, 2, 3, 4}, Values{2, 0, 4, 6}) ==
        near((8.0 / 3) / std::sqrt((5.0 / 3) * (20.0 / 3)), kRounding));
  const std::vector<float> a = {1, 2, 3, 4};
  const std::vector<float> b = {2, 0, 4, 6};
  CHECK(pearson(a, b) == near(0.8, kRounding));
  CHECK(std::isnan(pearson(Values{1, 2, 3}, Values{4, 4, 4})));
  CHECK(std::isnan(pearson(Values{4, 4, 4}, Values{1, 2, 3})));
  CHECK(std::isnan(pearson(Values{1}, Values{2})));
  CHECK(std::isnan(pearson(Values{}, Values{})));
}

TEST_CASE("statistics: signals of different length are our own mistake") {
  CHECK_THROWS_WITH_AS(pearson(Values{1, 2}, Values{1, 2, 3}), "statistics of 2 values against 3",
                       Bug);
  CHECK_THROWS_AS(covariance(Values{1, 2}, Values{1, 2, 3}), Bug);
}

}  // namespace strffit
