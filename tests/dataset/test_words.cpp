// How numbers of things and frequencies are told.
#include <doctest/doctest.h>

#include "util/frequency.hpp"
#include "util/listed.hpp"

namespace strffit {
namespace {

TEST_CASE("lists: all of few, the first of many, and how many") {
  CHECK(listed({"a"}) == "a");
  CHECK(listed({"a", "b"}) == "a and b");
  CHECK(listed({"a", "b", "c", "d"}) == "a, b, c and d");  // "and 1 more" would be no shorter
  CHECK(listed({"a", "b", "c", "d", "e"}) == "a, b, c and 2 more");
  CHECK(listed(std::vector<std::string>(840, "x"), 2) == "x, x and 838 more");
  CHECK(subject("unit", {"a"}, "has", "have") == "unit a has");
  CHECK(subject("unit", {"a", "b"}, "has", "have") == "2 units (a and b) have");
}

TEST_CASE("frequencies: three digits, no exponents, one unit in a range") {
  CHECK(frequency_text(20) == "20 Hz");
  CHECK(frequency_text(999) == "999 Hz");
  CHECK(frequency_text(999.7) == "1 kHz");
  CHECK(frequency_text(22627) == "22.6 kHz");
  CHECK(frequency_text(0.5) == "0.5 Hz");
  CHECK(frequency_range_text(500, 22627) == "0.5 to 22.6 kHz");
  CHECK(frequency_range_text(1000, 1000) == "1 kHz");
  CHECK(frequency_range_text(0, 400) == "0 to 400 Hz");
  CHECK(frequency_range_text(0.5, 20) == "0.5 to 20 Hz");
  CHECK(frequency_range_text(200, 123456789) == "0.2 to 123457 kHz");
}

}  // namespace
}  // namespace strffit
