// Quiet NaN.
#pragma once

#include <limits>

namespace strffit {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace strffit
