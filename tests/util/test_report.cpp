#include <cmath>
#include <set>
#include <sstream>

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
  CHECK(to_text(report) == "scores\nunit   cc\né     0.5\nlong  -\n\na  b c\n\ndone\n");
}

TEST_CASE("report: numbers stand at their points") {
  Report report;
  report.tables.push_back(
      {"", {"", "x"}, {{"a", "0.5"}, {"b", "-12.25"}, {"c", "3"}, {"d", "1.5e-05"}, {"e", "-"}}});
  CHECK(to_text(report) == "           x\na    0.5\nb  -12.25\nc    3\nd    1.5e-05\ne    -\n");
}

TEST_CASE("report: columns that do not fit are left out and named, ids stay different") {
  const std::string front(30, 'a');
  Report report;
  report.tables.push_back(
      {"",
       {"unit", "cc", "cc_norm", "mse"},
       {{front + "-unit-1-end", "0.5", "0.75", "2"}, {front + "-unit-2-end", "0.25", "0.5", "3"}}});
  CHECK(to_text(report).find("left out") == std::string::npos);  // a pipe has no width
  for (const std::size_t width : {30, 40, 60, 100}) {
    CAPTURE(width);
    const auto text = to_text(report, {width});
    std::istringstream lines(text);
    std::set<std::string> different;
    int number = 0;
    for (std::string line; std::getline(lines, line); ++number) {
      if (line.starts_with("left out for want of width: ")) {
        CHECK(line.ends_with(" (--wide shows all)"));
        continue;
      }
      CHECK(line.size() <= width);
      different.insert(line.substr(0, line.find(' ')));
    }
    CHECK(different.size() == 3);  // header and two ids
    CHECK((text.find("left out") == std::string::npos) == (width >= 40));
    CHECK(text.find("mse") != std::string::npos);  // as a column, or by name
  }
}

TEST_CASE("report: bars of eighths, or of # where there is ASCII alone") {
  Report report;
  report.tables.push_back(
      {"",
       {"u", "r"},
       {{"a", "1"}, {"b", "0.5"}, {"c", "0.01"}, {"d", "-1"}, {"e", "-"}, {"f", "2"}},
       1});
  CHECK(
      to_text(report, {0, true, false}) ==
      "u      r\na   1    ████████\nb   0.5  ████\nc   0.01 ▏\nd  -1\ne   -\nf   2    ████████\n");
  CHECK(to_text(report, {0, true, true}).find("b   0.5  ####\n") != std::string::npos);
  CHECK(to_text(report).find("█") == std::string::npos);
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
