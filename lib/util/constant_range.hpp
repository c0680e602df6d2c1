// Defines "constant but for rounding" for numbers that are or were float32.
#pragma once

#include <algorithm>
#include <cmath>

namespace strffit {

inline constexpr double kConstantRange = 1e-6;  // relative to the largest magnitude

// True if `range` (max - min, or another measure of spread) of values from `low` to `high` is
// rounding. False if one of them is NaN or infinite.
inline bool is_rounding(double range, double low, double high) {
  return std::isfinite(range) && range <= kConstantRange * std::max(std::abs(low), std::abs(high));
}

}  // namespace strffit
