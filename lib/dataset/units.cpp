#include "dataset/units.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <set>

#include "config/suggest.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

struct Range {
  std::int64_t first, last;
};

// "3-7" -> {3, 7}; nothing for other text.
std::optional<Range> range_in(const std::string& word) {
  Range range{};
  const char* const end = word.data() + word.size();
  const auto first = std::from_chars(word.data(), end, range.first);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto last = std::from_chars(first.ptr + 1, end, range.last);
  if (last.ec != std::errc() || last.ptr != end || range.first < 0) return std::nullopt;
  return range;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_pattern(const std::string& word) { return word.find_first_of("*?[") != std::string::npos; }

struct Condition {
  std::string fact, comparison, value;
};

// "noise_ratio < 40" -> its three parts; nothing if no operator stands between two words.
std::optional<Condition> condition_in(const std::string& word) {
  const std::size_t start = word.find_first_of("<>=!");
  if (start == std::string::npos) return std::nullopt;
  const std::size_t end = std::min(word.find_first_not_of("<>=!", start), word.size());
  const Condition condition{trimmed(word.substr(0, start)), word.substr(start, end - start),
                            trimmed(word.substr(end))};
  if (condition.fact.empty() || condition.value.empty()) return std::nullopt;
  return condition;
}

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
std::optional<bool> compare(const T& left, const std::string& comparison, const T& right) {
  if (comparison == "<") return left < right;
  if (comparison == "<=") return left <= right;
  if (comparison == ">") return left > right;
  if (comparison == ">=") return left >= right;
  if (comparison == "==") return left == right;
  if (comparison == "!=") return left != right;
  return std::nullopt;
}

class Selector {
 public:
  Selector(const UnitSelection& selection, const std::vector<std::string>& ids,
           const UnitFacts& facts, const std::string& file)
      : selection_(selection), ids_(ids), facts_(facts), file_(file) {}

  // For each unit, whether it meets a condition, or several joined by " and "; nothing if `word` is
  // not a condition.
  std::optional<std::vector<bool>> meeting(const std::string& word) const {
    std::vector<bool> chosen(ids_.size(), true);
    const std::string joint = " and ";
    for (std::size_t start = 0; start != std::string::npos;) {
      const std::size_t end = word.find(joint, start);
      const auto condition = condition_in(word.substr(start, end - start));
      if (!condition) return std::nullopt;
      for (std::size_t unit = 0; unit < ids_.size(); ++unit) {
        if (!meets(*condition, unit, word)) chosen[unit] = false;
      }
      start = end == std::string::npos ? end : end + joint.size();
    }
    return chosen;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw ConfigError(selection_.where, what);
  }

  // Adds the unit, the range, the index or the units of a pattern that `word` names.
  void add(const std::string& word, std::set<std::int64_t>& chosen) const {
    const auto id = std::find(ids_.begin(), ids_.end(), word);
    if (id != ids_.end()) {
      chosen.insert(id - ids_.begin());
      return;
    }
    if (is_pattern(word)) return add_matching(word, chosen);
    const auto index = range_in(word + "-" + word);
    const auto range = index ? index : range_in(word);
    const auto last_unit = static_cast<std::int64_t>(ids_.size()) - 1;
    if (!range) {
      fail("\"" + word + "\" is not a unit of " + file_ +
           config::did_you_mean(word, ids_,
                                ", an index, a range such as 0-10, a pattern such as A1* or a "
                                "condition such as noise_ratio < 40"));
    }
    if (index && index->first > last_unit) {
      fail(fmt::format("\"{}\" is not a unit of {} and not the index of one, 0 to {}", word, file_,
                       last_unit));
    }
    if (range->first > range->last || range->last > last_unit) {
      fail(fmt::format("expected a range within 0-{}, the units of {}; found {}", last_unit, file_,
                       word));
    }
    for (std::int64_t unit = range->first; unit <= range->last; ++unit) chosen.insert(unit);
  }

 private:
  void add_matching(const std::string& pattern, std::set<std::int64_t>& chosen) const {
    bool found = false;
    for (std::size_t unit = 0; unit < ids_.size(); ++unit) {
      if (fnmatch(pattern.c_str(), ids_[unit].c_str(), 0) != 0) continue;
      chosen.insert(static_cast<std::int64_t>(unit));
      found = true;
    }
    if (found) return;
    fail(fmt::format("no unit of {} has an id like \"{}\"; the first is \"{}\"", file_, pattern,
                     ids_.empty() ? "" : ids_.front()));
  }

  bool meets(const Condition& condition, std::size_t unit, const std::string& word) const {
    const auto fact = facts_.find(condition.fact);
    if (fact == facts_.end()) {
      std::string known;
      for (const auto& [name, unused] : facts_) known += (known.empty() ? "" : ", ") + name;
      fail("\"" + condition.fact + "\" is not a fact about the units of " + file_ + "; there is " +
           (known.empty() ? "none" : known));
    }
    const auto holds = std::visit(
        [&](const auto& column) { return holds_for(column, condition, unit, word); }, fact->second);
    if (!holds) {
      fail("expected one of < <= > >= == != in \"" + word + "\"; found " + condition.comparison);
    }
    return *holds;
  }

  std::optional<bool> holds_for(const Array<double>& column, const Condition& condition,
                                std::size_t unit, const std::string& word) const {
    const auto value = number_in(condition.value);
    if (!value) fail("expected a number to compare with in \"" + word + "\"");
    if (column.shape.size() != 1) {
      fail("\"" + condition.fact + "\" has several values per unit and cannot be compared");
    }
    const double fact = column.values[unit];
    const auto holds = compare(fact, condition.comparison, *value);
    return std::isnan(fact) && holds ? false : holds;
  }

  std::optional<bool> holds_for(const Array<std::string>& column, const Condition& condition,
                                std::size_t unit, const std::string&) const {
    if (column.shape.size() != 1) {
      fail("\"" + condition.fact + "\" has several values per unit and cannot be compared");
    }
    if (condition.comparison != "==" && condition.comparison != "!=") {
      fail("\"" + condition.fact + "\" is text, which can be compared by == and != only");
    }
    return compare(column.values[unit], condition.comparison, condition.value);
  }

  const UnitSelection& selection_;
  const std::vector<std::string>& ids_;
  const UnitFacts& facts_;
  const std::string& file_;
};

}  // namespace

std::vector<std::int64_t> select_units(const UnitSelection& selection,
                                       const std::vector<std::string>& ids, const UnitFacts& facts,
                                       const std::string& file) {
  const Selector selector(selection, ids, facts, file);
  const std::vector<std::string>& words = selection.words;
  if (words.empty())
    selector.fail(
        "expected all, unit ids, indices, ranges, patterns or a condition; found nothing");
  const auto is_id = [&](const std::string& word) {
    return std::find(ids.begin(), ids.end(), word) != ids.end();
  };

  std::set<std::int64_t> chosen;
  if (words.size() == 1 && !is_id(words[0])) {
    if (words[0] == "all") {
      std::vector<std::int64_t> every(ids.size());
      std::iota(every.begin(), every.end(), 0);
      return every;
    }
    if (const auto meeting = selector.meeting(words[0])) {
      for (std::size_t unit = 0; unit < ids.size(); ++unit) {
        if ((*meeting)[unit]) chosen.insert(static_cast<std::int64_t>(unit));
      }
      if (chosen.empty()) selector.fail("no unit of " + file + " meets " + words[0]);
      return {chosen.begin(), chosen.end()};
    }
  }
  for (const std::string& word : words) selector.add(word, chosen);
  return {chosen.begin(), chosen.end()};
}

}  // namespace strffit
