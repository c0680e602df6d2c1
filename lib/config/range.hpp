// The allowed values of a numeric key. NaN is in no range.
#pragma once

#include <limits>
#include <string>

namespace strffit::config {

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;   // low itself is excluded
  bool high_open = false;  // high itself is excluded

  bool contains(double value) const;
};

Range any();                             // every finite number
Range at_least(double low);              // [low, infinity)
Range above(double low);                 // (low, infinity)
Range between(double low, double high);  // [low, high]

// "at least 1", "above 0", "from 0 to 1", "at least 0 and below 1"; "" for any().
std::string describe(const Range& range);

}  // namespace strffit::config
