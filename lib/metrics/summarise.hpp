// Summary of a metric over many units, as in the last row of a table.
#pragma once

#include <cstdint>
#include <span>

namespace strffit {

// Uses finite values only; all NaN if there are none. Quartiles and median interpolate linearly, as
// numpy.quantile does.
struct Summary {
  double mean;
  double median;
  double lower_quartile;
  double upper_quartile;
  std::int64_t count;     // finite values
  std::int64_t left_out;  // NaN or infinite values
};

Summary summarise(std::span<const double> values);

// Quantile by the same rule: `sorted` ascending, not empty; 0 <= share <= 1.
double quantile_of_sorted(std::span<const double> sorted, double share);

}  // namespace strffit
