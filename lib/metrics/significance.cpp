#include "metrics/significance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "metrics/summarise.hpp"
#include "util/nan.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

constexpr std::size_t kMostExact = 50;  // a double holds 2^50 exactly

// P(rank sum <= s) if all 2^n signs are equally likely: counts the subsets of {1..n} by their sum.
double probability_up_to(std::size_t n, std::size_t s) {
  std::vector<double> subsets(n * (n + 1) / 2 + 1);
  subsets[0] = 1;
  for (std::size_t rank = 1; rank <= n; ++rank) {
    for (std::size_t sum = subsets.size(); sum-- > rank;) subsets[sum] += subsets[sum - rank];
  }
  const auto end = subsets.begin() + static_cast<std::ptrdiff_t>(s) + 1;
  return std::accumulate(subsets.begin(), end, 0.0) / std::exp2(static_cast<double>(n));
}

// Median; reorders `values`.
double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return std::midpoint(*std::max_element(values.begin(), middle), *middle);
}

}  // namespace

SignedRankTest signed_rank_test(std::span<const double> differences) {
  std::vector<double> kept;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(kept),
               [](double d) { return d != 0; });
  std::sort(kept.begin(), kept.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  SignedRankTest test{static_cast<std::int64_t>(kept.size()), 0, 1, true};
  double ties = 0;  // sum of t^3 - t over groups of t equal magnitudes
  for (std::size_t first = 0; first < kept.size();) {
    std::size_t end = first + 1;
    while (end < kept.size() && std::abs(kept[end]) == std::abs(kept[first])) ++end;
    const auto size = static_cast<double>(end - first);
    ties += size * size * size - size;
    const double rank = (static_cast<double>(first + end) + 1) / 2;  // mean of first + 1 .. end
    for (; first < end; ++first) test.rank_sum += kept[first] > 0 ? rank : 0;
  }
  test.exact = ties == 0 && kept.size() <= kMostExact;
  const auto n = static_cast<double>(test.n);
  const double all = n * (n + 1) / 2;
  if (test.exact) {
    const double smaller = std::min(test.rank_sum, all - test.rank_sum);
    test.p = std::min(1.0, 2 * probability_up_to(kept.size(), static_cast<std::size_t>(smaller)));
    return test;
  }
  const double deviation = std::sqrt(n * (n + 1) * (2 * n + 1) / 24 - ties / 48);
  const double z = std::max(0.0, std::abs(test.rank_sum - all / 2) - 0.5) / deviation;
  test.p = std::erfc(z / std::sqrt(2.0));
  return test;
}

MedianInterval bootstrap_median(std::span<const double> values, std::int64_t resamples,
                                std::uint64_t seed) {
  if (values.empty()) return {kNaN, kNaN, kNaN};
  std::vector<double> drawn(values.begin(), values.end());
  MedianInterval interval{median_of(drawn), 0, 0};
  std::vector<double> medians;
  for (std::int64_t i = 0; i < resamples; ++i) {
    Random random(seed, {static_cast<std::uint64_t>(i)});
    for (double& value : drawn) value = values[random.integer(values.size())];
    medians.push_back(median_of(drawn));
  }
  std::sort(medians.begin(), medians.end());
  interval.low = quantile_of_sorted(medians, 0.025);
  interval.high = quantile_of_sorted(medians, 0.975);
  return interval;
}

std::vector<double> false_discovery_rates(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> q(p.size(), kNaN);
  double smallest = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    const std::size_t i = order[rank - 1];
    smallest =
        std::min(smallest, p[i] * static_cast<double>(order.size()) / static_cast<double>(rank));
    q[i] = smallest;
  }
  return q;
}

}  // namespace strffit
