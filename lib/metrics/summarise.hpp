// One row for many units: the summary of a metric that a table ends with.
#pragma once

#include <cstdint>
#include <span>

namespace strffit {

// Of the finite values alone; all NaN where there is none. Quartiles and median linear between
// neighbours, as numpy.quantile has them.
struct Summary {
  double mean;
  double median;
  double lower_quartile;
  double upper_quartile;
  std::int64_t count;     // values that went in
  std::int64_t left_out;  // values that are NaN or infinite
};

Summary summarise(std::span<const double> values);

// The same rule alone: `sorted` ascending, not empty; 0 <= share <= 1.
double quantile_of_sorted(std::span<const double> sorted, double share);

}  // namespace strffit
