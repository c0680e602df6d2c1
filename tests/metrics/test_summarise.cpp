#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "metrics/summarise.hpp"
#include "support/near.hpp"

namespace strffit {

using test::near;

TEST_CASE("summary of values: mean, median and quartiles between neighbours") {
  // Reference: numpy.quantile's rule by hand; place of the quartiles is 0.75 and 2.25.
  const Summary summary = summarise(std::vector<double>{7, 1, 2, 4});
  CHECK(summary.mean == 3.5);
  CHECK(summary.median == 3);
  CHECK(summary.lower_quartile == 1.75);
  CHECK(summary.upper_quartile == near(4.75, 1e-15));
  CHECK(summary.count == 4);
  CHECK(summary.left_out == 0);
}

TEST_CASE("summary of values: what is not finite is left out and counted") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const Summary summary = summarise(std::vector<double>{nan, 0.5, infinity, nan});
  CHECK(summary.mean == 0.5);
  CHECK(summary.median == 0.5);
  CHECK(summary.lower_quartile == 0.5);
  CHECK(summary.upper_quartile == 0.5);
  CHECK(summary.count == 1);
  CHECK(summary.left_out == 3);
}

TEST_CASE("summary of values: nothing to summarise") {
  const Summary summary = summarise(std::vector<double>{std::numeric_limits<double>::quiet_NaN()});
  CHECK(std::isnan(summary.mean));
  CHECK(std::isnan(summary.median));
  CHECK(std::isnan(summary.lower_quartile));
  CHECK(std::isnan(summary.upper_quartile));
  CHECK(summary.count == 0);
  CHECK(summary.left_out == 1);
  CHECK(summarise({}).left_out == 0);
}

}  // namespace strffit
