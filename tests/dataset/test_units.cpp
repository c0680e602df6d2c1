#include <doctest/doctest.h>

#include "dataset/units.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"

namespace strffit {
namespace {

const std::vector<std::string> kIds = {"cell a", "cell b", "2-3", "d", "all"};
const UnitFacts kFacts = {
    {"noise_ratio", Array<double>({5}, std::vector<double>{10, 40, kNaN, -3, 41.5})},
    {"area", Array<std::string>({5}, std::vector<std::string>{"A1", "AAF", "A1", "A2", "A1"})},
    {"place", Array<double>({5, 2}, 0.0)},
};

std::vector<std::int64_t> selected(const std::vector<std::string>& words) {
  return select_units({words, "fit.yaml:3:10: data.units"}, kIds, kFacts, "x.h5");
}

std::string refusal(const std::vector<std::string>& words) {
  try {
    selected(words);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("units: what is selected") {
  using Units = std::vector<std::int64_t>;
  const struct {
    std::vector<std::string> words;
    Units units;
  } cases[] = {
      {{"d"}, {3}},
      {{"d", "cell a", "d"}, {0, 3}},
      {{"0-2"}, {0, 1, 2}},
      {{"4-4"}, {4}},
      {{"0-1", "1-3"}, {0, 1, 2, 3}},
      {{"2-3"}, {2}},  // an id wins over a range
      {{"all"}, {4}},  // and over the word
      {{"1"}, {1}},
      {{"cell*"}, {0, 1}},
      {{"cell [!a]", "3"}, {1, 3}},
      {{"?"}, {3}},
      {{"*"}, {0, 1, 2, 3, 4}},
      {{"all", "d"}, {3, 4}},
      {{"noise_ratio < 40"}, {0, 3}},
      {{"noise_ratio<=40"}, {0, 1, 3}},
      {{"noise_ratio > 1e1"}, {1, 4}},
      {{"noise_ratio >= 10"}, {0, 1, 4}},
      {{"noise_ratio == -3"}, {3}},
      {{"noise_ratio != 40"}, {0, 3, 4}},  // NaN meets no condition
      {{"area == A1"}, {0, 2, 4}},
      {{"area != A1"}, {1, 3}},
      {{"area == A1 and noise_ratio < 40"}, {0}},
      {{"noise_ratio > 0 and noise_ratio < 41 and area != A2"}, {0, 1}},
  };
  for (const auto& one : cases) {
    CAPTURE(one.words[0]);
    CHECK(selected(one.words) == one.units);
  }
  CHECK(select_units({}, {"a", "b"}, {}, "x.h5") == Units{0, 1});
  // An id wins over an index and over a pattern.
  const auto of_ids = [](const std::string& word) {
    return select_units({{word}, ""}, {"2", "a*", "ab"}, {}, "x.h5");
  };
  CHECK(of_ids("2") == Units{0});
  CHECK(of_ids("1") == Units{1});
  CHECK(of_ids("a*") == Units{1});
  CHECK(of_ids("?*") == Units{0, 1, 2});
}

TEST_CASE("units: what is refused, and what is said") {
  const struct {
    std::vector<std::string> words;
    const char* message;
  } cases[] = {
      {{}, "expected all, unit ids, indices, ranges, patterns or a condition; found nothing"},
      {{"cell c"}, "\"cell c\" is not a unit of x.h5; did you mean \"cell a\"?"},
      {{"something else entirely"},
       "\"something else entirely\" is not a unit of x.h5, an index, a range such as 0-10, a "
       "pattern such as A1* or a condition such as noise_ratio < 40"},
      {{"5"}, "\"5\" is not a unit of x.h5 and not the index of one, 0 to 4"},
      {{"b*"}, "no unit of x.h5 has an id like \"b*\"; the first is \"cell a\""},
      {{"["}, "no unit of x.h5 has an id like \"[\"; the first is \"cell a\""},
      {{"0-5"}, "expected a range within 0-4, the units of x.h5; found 0-5"},
      {{"3-1"}, "expected a range within 0-4, the units of x.h5; found 3-1"},
      {{"0-99999999999999999999"},
       "\"0-99999999999999999999\" is not a unit of x.h5, an index, a range such as 0-10, a "
       "pattern such as A1* or a condition such as noise_ratio < 40"},
      {{"noise < 40"},
       "\"noise\" is not a fact about the units of x.h5; there is area, noise_ratio, place"},
      {{"noise_ratio < forty"}, "expected a number to compare with in \"noise_ratio < forty\""},
      {{"noise_ratio => 4"}, "expected one of < <= > >= == != in \"noise_ratio => 4\"; found =>"},
      {{"noise_ratio < -3"}, "no unit of x.h5 meets noise_ratio < -3"},
      {{"area < A2"}, "\"area\" is text, which can be compared by == and != only"},
      {{"place > 0"}, "\"place\" has several values per unit and cannot be compared"},
  };
  for (const auto& one : cases) {
    CHECK(refusal(one.words) == std::string("fit.yaml:3:10: data.units: ") + one.message);
  }
}

}  // namespace
}  // namespace strffit
