#include "config/range.hpp"

#include <cmath>

#include "config/written.hpp"

namespace strffit::config {

bool Range::contains(double value) const {
  return std::isfinite(value) && (low_open ? value > low : value >= low) &&
         (high_open ? value < high : value <= high);
}

Range any() { return {}; }
Range at_least(double low) { return {.low = low}; }
Range above(double low) { return {.low = low, .low_open = true}; }
Range between(double low, double high) { return {.low = low, .high = high}; }

std::string describe(const Range& range) {
  const bool from = std::isfinite(range.low);
  const bool to = std::isfinite(range.high);
  if (from && to && !range.low_open && !range.high_open) {
    return "from " + write(range.low) + " to " + write(range.high);
  }
  std::string text;
  if (from) text = (range.low_open ? "above " : "at least ") + write(range.low);
  if (to) {
    text += (from ? " and " : "");
    text += (range.high_open ? "below " : "at most ") + write(range.high);
  }
  return text;
}

}  // namespace strffit::config
