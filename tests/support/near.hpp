// Comparison of doubles in tests: `CHECK(found == near(1.25, 1e-9));`
#pragma once

#include <cmath>
#include <ostream>

namespace strffit::test {

// Infinity equals only itself, NaN only NaN.
struct near {
  double value;
  double relative;      // of |value|
  double absolute = 0;  // added, for values near 0

  near(double v, double r, double a = 0) : value(v), relative(r), absolute(a) {}

  friend bool operator==(double found, const near& expected) {
    if (std::isnan(expected.value)) return std::isnan(found);
    if (std::isinf(expected.value)) return found == expected.value;
    return std::abs(found - expected.value) <=
           expected.absolute + expected.relative * std::abs(expected.value);
  }
  friend std::ostream& operator<<(std::ostream& out, const near& expected) {
    const auto digits = out.precision(17);
    out << expected.value << " +- " << expected.relative << " of it";
    if (expected.absolute > 0) out << " +- " << expected.absolute;
    out.precision(digits);
    return out;
  }
};

}  // namespace strffit::test
