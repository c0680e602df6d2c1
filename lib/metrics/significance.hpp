// Statistical tests over units: is a difference or a score above chance?
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strffit {

// Wilcoxon's signed-rank test of differences, two-sided (Wilcoxon 1945). Differences of exactly 0
// are dropped before ranking (Wilcoxon's own rule, the default of R and scipy; not Pratt's). Exact,
// by counting the 2^n signs, for n <= 50 without equal magnitudes; else by the normal approximation
// with the corrections for ties and for continuity.
struct SignedRankTest {
  std::int64_t n = 0;   // differences that are not 0
  double rank_sum = 0;  // of the positive ones; equal magnitudes get their mean rank
  double p = 0;         // 1 if n is 0
  bool exact = false;
};

// `differences` must be finite.
SignedRankTest signed_rank_test(std::span<const double> differences);

// Median with its percentile bootstrap interval (Efron 1979): the 2.5 % and 97.5 % quantiles of the
// medians of `resamples` samples, drawn with replacement and as large as `values`.
struct MedianInterval {
  double median, low, high;  // NaN if there are no values
};

// `values` finite; `resamples` >= 1. The same seed gives the same interval on every machine.
MedianInterval bootstrap_median(std::span<const double> values, std::int64_t resamples,
                                std::uint64_t seed);

// The q-value of each p-value: the lowest false discovery rate at which it is still significant
// (Benjamini and Hochberg 1995). NaN stays NaN and does not count as a test.
std::vector<double> false_discovery_rates(std::span<const double> p);

}  // namespace strffit
