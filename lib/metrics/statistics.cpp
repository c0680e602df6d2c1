#include "metrics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "util/constant_range.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

// Sum of term(i) over n, in eight partial sums: fast, and independent of the address of the values
// (libraries that first reach an aligned address add in another order).
template <class Term>
double sum(std::size_t n, Term&& term) {
  constexpr std::size_t kParts = 8;
  double parts[kParts] = {};
  std::size_t i = 0;
  for (; i + kParts <= n; i += kParts) {
    for (std::size_t k = 0; k < kParts; ++k) parts[k] += term(i + k);
  }
  for (std::size_t k = 0; i + k < n; ++k) parts[k] += term(i + k);
  return ((parts[0] + parts[4]) + (parts[1] + parts[5])) +
         ((parts[2] + parts[6]) + (parts[3] + parts[7]));
}

double mean(std::span<const double> values) {
  return sum(values.size(), [&](std::size_t i) { return values[i]; }) /
         static_cast<double>(values.size());
}

void check_lengths(std::size_t a, std::size_t b) {
  if (a != b) {
    throw Bug(fmt::format("statistics of {} values against {}", a, b));
  }
}

}  // namespace

bool is_constant(std::span<const double> values) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool finite = true;
  for (const double value : values) {
    finite = finite && std::isfinite(value);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (!finite) return false;
  return is_rounding(high - low, low, high);
}

double variance(std::span<const double> values) {
  if (values.size() < 2) return kNaN;
  if (is_constant(values)) return 0;
  const double middle = mean(values);
  return sum(values.size(),
             [&](std::size_t i) { return (values[i] - middle) * (values[i] - middle); }) /
         static_cast<double>(values.size() - 1);
}

double covariance(std::span<const double> a, std::span<const double> b) {
  check_lengths(a.size(), b.size());
  if (a.size() < 2) return kNaN;
  const double middle_a = mean(a), middle_b = mean(b);
  return sum(a.size(), [&](std::size_t i) { return (a[i] - middle_a) * (b[i] - middle_b); }) /
         static_cast<double>(a.size() - 1);
}

double pearson(std::span<const double> a, std::span<const double> b) {
  check_lengths(a.size(), b.size());
  if (a.size() < 2 || is_constant(a) || is_constant(b)) return kNaN;
  return covariance(a, b) / std::sqrt(variance(a) * variance(b));
}

double pearson(std::span<const float> a, std::span<const float> b) {
  const std::vector<double> x(a.begin(), a.end());
  const std::vector<double> y(b.begin(), b.end());
  return pearson(std::span<const double>(x), std::span<const double>(y));
}

}  // namespace strffit
