// What counts as one and the same value but for roundings, of numbers that are or were float32.
#pragma once

#include <algorithm>
#include <cmath>

namespace strffit {

inline constexpr double kConstantRange = 1e-6;  // of the largest magnitude

// Whether `range` (max - min, or another measure of spread) of values between `low` and `high` is
// rounding; not so where one of them is NaN or infinite.
inline bool is_rounding(double range, double low, double high) {
  return std::isfinite(range) && range <= kConstantRange * std::max(std::abs(low), std::abs(high));
}

}  // namespace strffit
