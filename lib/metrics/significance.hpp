// Whether a difference, or a score, is more than chance: tests over units.
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
  double rank_sum = 0;  // of those above 0; equal magnitudes share their mean rank
  double p = 0;         // 1 where n is 0
  bool exact = false;
};

// `differences` finite.
SignedRankTest signed_rank_test(std::span<const double> differences);

// Median with its percentile bootstrap interval (Efron 1979): `resamples` medians of as many values
// drawn with replacement, and of them the quantiles that leave 2.5 % on each side.
struct MedianInterval {
  double median, low, high;  // NaN of no values
};

// `values` finite; `resamples` >= 1. The same for the same seed on every machine.
MedianInterval bootstrap_median(std::span<const double> values, std::int64_t resamples,
                                std::uint64_t seed);

// Of each p-value its q: the lowest false discovery rate at which it is still declared (Benjamini
// and Hochberg 1995). NaN stays NaN and is no test.
std::vector<double> false_discovery_rates(std::span<const double> p);

}  // namespace strffit
