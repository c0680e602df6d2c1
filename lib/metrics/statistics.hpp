// Moments and correlation for all metrics of models.md, in double; NaN where undefined.
#pragma once

#include <span>

namespace strffit {

// True if the values are equal but for rounding: is_rounding(max - min). False if one of them is
// NaN or infinite. `values` must not be empty.
bool is_constant(std::span<const double> values);

// Variance, divisor n - 1: NaN for fewer than 2 values, exactly 0 for constant ones.
double variance(std::span<const double> values);

// Covariance, divisor n - 1: NaN for fewer than 2 values. Bug if lengths differ.
double covariance(std::span<const double> a, std::span<const double> b);

// Pearson correlation: NaN for fewer than 2 values and if either is constant. Bug if lengths
// differ.
double pearson(std::span<const double> a, std::span<const double> b);
double pearson(std::span<const float> a, std::span<const float> b);

}  // namespace strffit
