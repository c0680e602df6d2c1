#include "metrics/summarise.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <vector>

#include "util/nan.hpp"

namespace strffit {
double quantile_of_sorted(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

Summary summarise(std::span<const double> values) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](double value) { return std::isfinite(value); });
  std::sort(finite.begin(), finite.end());
  Summary summary{kNaN,
                  kNaN,
                  kNaN,
                  kNaN,
                  static_cast<std::int64_t>(finite.size()),
                  static_cast<std::int64_t>(values.size() - finite.size())};
  if (finite.empty()) return summary;
  summary.mean =
      std::accumulate(finite.begin(), finite.end(), 0.0) / static_cast<double>(finite.size());
  summary.median = quantile_of_sorted(finite, 0.5);
  summary.lower_quartile = quantile_of_sorted(finite, 0.25);
  summary.upper_quartile = quantile_of_sorted(finite, 0.75);
  return summary;
}

}  // namespace strffit
