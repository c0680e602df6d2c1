#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "metrics/significance.hpp"
#include "support/near.hpp"
#include "util/nan.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

using test::near;
using Values = std::vector<double>;

// As many as wanted, of different magnitudes, every third below 0.
Values alternating(int n) {
  Values values;
  for (int i = 1; i <= n; ++i) values.push_back((i % 3 == 0 ? -1 : 1) * (i * i + 0.5));
  return values;
}

double smaller_sum(const SignedRankTest& test) {
  const auto n = static_cast<double>(test.n);
  return std::min(test.rank_sum, n * (n + 1) / 2 - test.rank_sum);
}

}  // namespace

TEST_CASE("signed-rank test: exact, by writing out all signs") {
  Random random(7);
  for (std::size_t n = 1; n <= 10; ++n) {
    Values differences;
    for (std::size_t i = 0; i < n; ++i) differences.push_back(random.uniform(-1, 2));
    const auto test = signed_rank_test(differences);
    REQUIRE(test.exact);
    std::vector<int> ranks(n, 1);
    double rank_sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (const double other : differences) {
        ranks[i] += std::abs(other) < std::abs(differences[i]);
      }
      if (differences[i] > 0) rank_sum += ranks[i];
    }
    CHECK(test.rank_sum == rank_sum);
    const double middle = static_cast<double>(n * (n + 1)) / 4;
    int as_far = 0;
    for (unsigned signs = 0; signs < (1U << n); ++signs) {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += (signs >> i & 1U) != 0 ? ranks[i] : 0;
      as_far += std::abs(sum - middle) >= std::abs(rank_sum - middle);
    }
    // Tolerance: a division.
    CHECK(test.p == near(as_far / std::exp2(n), 1e-15));
  }
}

TEST_CASE("signed-rank test: values of scipy") {
  // Reference: scipy 1.17.1, stats.wilcoxon(d, zero_method="wilcox", correction=True,
  // method=...). Tolerance: its last digits.
  const auto few = signed_rank_test(Values{0.31, -0.12, 0.45, 0.08, -0.03, 0.22, 0.17, 0.5});
  CHECK(few.exact);
  CHECK(smaller_sum(few) == 4);
  CHECK(few.p == near(0.0546875, 1e-12));  // "exact"

  const auto fifty = signed_rank_test(alternating(50));
  CHECK(fifty.exact);
  CHECK(smaller_sum(fifty) == 408);
  CHECK(fifty.p == near(0.02616696817119646, 1e-12));  // "exact"

  const auto more = signed_rank_test(alternating(51));
  CHECK_FALSE(more.exact);
  CHECK(smaller_sum(more) == 459);
  CHECK(more.p == near(0.05645580536770219, 1e-12));  // "asymptotic"

  const auto ties = signed_rank_test(Values{1, -1, 2, 2, -3, 0, 4, 5, 0, 1, 1, -2, 6});
  CHECK_FALSE(ties.exact);
  CHECK(ties.n == 11);  // without the zeros
  CHECK(smaller_sum(ties) == 16.5);
  CHECK(ties.p == near(0.15199599099260783, 1e-12));  // "asymptotic"
}

TEST_CASE("signed-rank test: nothing speaks for a difference where there is none") {
  CHECK(signed_rank_test({}).p == 1);
  const auto zeros = signed_rank_test(Values{0, 0, 0});
  CHECK(zeros.n == 0);
  CHECK(zeros.p == 1);
  CHECK(signed_rank_test(Values{1, -1}).p == 1);  // rank sum in the middle
}

TEST_CASE("bootstrap of the median: the interval of the exact distribution of resamples") {
  // Reference: of an odd number n of values in order, P(median of a resample <= the k-th) is
  // P(binomial(n, k / n) >= (n + 1) / 2). For n = 17 that is 0.008, 0.036 for k = 4, 5 and, from
  // above, the same for 14, 13: so 2.5 % is the 5th and 97.5 % the 13th of 10,000 medians, whose
  // shares vary by 0.002 at most.
  Values values;
  for (int i = 0; i < 17; ++i) values.push_back((i * 7 % 17) * (i * 7 % 17) - 20);
  const auto interval = bootstrap_median(values, 10000, 3);
  CHECK(interval.median == 8 * 8 - 20);
  CHECK(interval.low == 4 * 4 - 20);
  CHECK(interval.high == 12 * 12 - 20);
  const auto again = bootstrap_median(values, 10000, 3);
  CHECK(again.low == interval.low);
}

TEST_CASE("bootstrap of the median: few values, even numbers, none") {
  const auto one = bootstrap_median(Values{2.5}, 100, 0);
  CHECK(one.median == 2.5);
  CHECK(one.low == 2.5);
  CHECK(one.high == 2.5);
  const auto two = bootstrap_median(Values{1, 2}, 1000, 0);
  CHECK(two.median == 1.5);
  CHECK(two.low == 1);  // a quarter of the resamples is {1, 1}
  CHECK(two.high == 2);
  CHECK(std::isnan(bootstrap_median({}, 10, 0).low));
}

TEST_CASE("false discovery rates are those of Benjamini and Hochberg") {
  // Reference: scipy 1.17.1, stats.false_discovery_control. Tolerance: a product and a quotient.
  const auto q = false_discovery_rates(Values{0.01, 0.04, kNaN, 0.03, 0.005, 0.6, 0.041});
  const Values expected = {0.03, 0.0492, kNaN, 0.0492, 0.03, 0.6, 0.0492};
  for (std::size_t i = 0; i < q.size(); ++i) CHECK(q[i] == near(expected[i], 1e-14));
  CHECK(false_discovery_rates({}).empty());
}

}  // namespace strffit
