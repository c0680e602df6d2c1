#include <cmath>

#include "util/report.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

TEST_CASE("report: columns line up, numbers to the right, letters of two bytes count once") {
  Report report;
  report.tables.push_back({"scores", {"unit", "cc"}, {{"é", "0.5"}, {"long", "-"}}});
  report.tables.push_back({"", {}, {{"a", "b c"}}});
  report.notes = {"done"};
  CHECK(to_text(report) == "scores\nunit   cc\né     0.5\nlong    -\n\na  b c\n\ndone\n");
}

TEST_CASE("report: CSV quotes what would break a line (RFC 4180)") {
  const Table table{"", {"a", "b"}, {{"x,y", "say \"no\""}, {"line\nbreak", "plain"}}};
  CHECK(to_csv(table) == "a,b\n\"x,y\",\"say \"\"no\"\"\"\n\"line\nbreak\",plain\n");
}

TEST_CASE("report: numbers") {
  CHECK(number(NAN) == "-");
  CHECK(number(4) == "4");
  CHECK(number(0.123456) == "0.1235");
  CHECK(score_text(0.5) == "0.5000");
  CHECK(score_text(NAN) == "-");
}

TEST_CASE("report: an id with a line break or an escape does not garble the table") {
  Report report;
  report.tables.push_back({"", {"unit"}, {{"a\nb"}, {"\x1b[2J"}}});
  CHECK(to_text(report) == "unit\na?b\n?[2J\n");
}

TEST_CASE("report: times in the two largest units that count") {
  CHECK(duration(NAN) == "-");
  CHECK(duration(0) == "0 s");
  CHECK(duration(59.4) == "59 s");
  CHECK(duration(59.6) == "1 min 0 s");
  CHECK(duration(3600 + 61) == "1 h 1 min");
  CHECK(duration(2 * 86400 + 5 * 3600 + 59 * 60) == "2 d 5 h");
}

}  // namespace
}  // namespace strffit
