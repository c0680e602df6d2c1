#include "util/frequency.hpp"

#include <cmath>
#include <cstdio>

namespace strffit {

namespace {

constexpr double kKilo = 1000;
constexpr double kFirstInKilo = 999.5;  // rounds to 1,000 in three digits

std::string three_digits(double value) {
  char text[64];
  // Larger numbers as integers, without exponents.
  std::snprintf(text, sizeof text, std::abs(value) >= kKilo ? "%.0f" : "%.3g", value);
  return text;
}

}  // namespace

std::string frequency_text(double hz) {
  return hz >= kFirstInKilo ? three_digits(hz / kKilo) + " kHz" : three_digits(hz) + " Hz";
}

std::string frequency_range_text(double low_hz, double high_hz) {
  if (!(low_hz < high_hz)) return frequency_text(high_hz);
  const bool in_kilo = high_hz >= kFirstInKilo;
  const double unit = in_kilo ? kKilo : 1;
  return three_digits(low_hz / unit) + " to " + three_digits(high_hz / unit) +
         (in_kilo ? " kHz" : " Hz");
}

}  // namespace strffit
