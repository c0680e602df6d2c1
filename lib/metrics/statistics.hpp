// Moments and correlation as every metric of models.md takes them: in double, NaN where undefined.
#pragma once

#include <span>

namespace strffit {

// Whether the values are the same but for roundings: max - min is_rounding(). Not so where
// one of them is NaN or infinite. `values` may not be empty.
bool is_constant(std::span<const double> values);

// Variance, divisor n - 1: NaN of fewer than 2 values, exactly 0 of a constant.
double variance(std::span<const double> values);

// Covariance, divisor n - 1: NaN of fewer than 2 values. Throws Bug where lengths differ.
double covariance(std::span<const double> a, std::span<const double> b);

// Pearson correlation: NaN of fewer than 2 values and where either is constant. Throws Bug where
// lengths differ.
double pearson(std::span<const double> a, std::span<const double> b);
double pearson(std::span<const float> a, std::span<const float> b);

}  // namespace strffit
