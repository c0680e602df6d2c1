#include "import/assign.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "config/suggest.hpp"
#include "readers/table.hpp"
#include "util/errors.hpp"
#include "util/random.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

std::size_t fact_column(const Facts& facts, const std::string& name) {
  const auto found = std::find(facts.columns.begin(), facts.columns.end(), name);
  if (found != facts.columns.end()) return static_cast<std::size_t>(found - facts.columns.begin());
  std::string names;
  for (const auto& column : facts.columns) names += (names.empty() ? "" : ", ") + column;
  const std::string nearest = config::nearest(name, facts.columns);
  throw DataError(facts.file, "line 1",
                  "expected a column " + name + "; found " + names +
                      (nearest.empty() ? "" : ": did you mean " + nearest + "?"));
}

void take_split(Planned& stimulus, SplitName split, const std::string& where) {
  if (stimulus.split && *stimulus.split != split) {
    throw ConfigError(where, "stimulus " + stimulus.key + " is in both test and valid");
  }
  stimulus.split = split;
}

void assign_part(const SplitPart& part, SplitName split, const std::string& where,
                 const Sounds& sounds, std::vector<Planned>& stimuli, std::int64_t seed) {
  if (const auto* names = std::get_if<std::vector<std::string>>(&part)) {
    for (const auto& name : *names) {
      const std::int64_t sound = sounds.find(name);
      bool any = false;
      for (auto& stimulus : stimuli) {
        const bool meant = stimulus.key == name || stimulus.category == name ||
                           (sound >= 0 && stimulus.sound == static_cast<std::size_t>(sound));
        if (!meant) continue;
        take_split(stimulus, split, where);
        any = true;
      }
      if (any) continue;
      std::vector<std::string> keys;
      for (const auto& stimulus : stimuli) keys.push_back(stimulus.key);
      const std::string nearest = config::nearest(name, keys);
      throw ConfigError(where, "expected existing stimuli or categories; found " + name +
                                   (nearest.empty() ? "" : ": did you mean " + nearest + "?"));
    }
  } else if (const auto* share = std::get_if<double>(&part)) {
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < stimuli.size(); ++i) {
      if (!stimuli[i].split) left.push_back(i);
    }
    Random(static_cast<std::uint64_t>(seed), {static_cast<std::uint64_t>(split)}).shuffle(left);
    const auto n = std::max<std::size_t>(
        1, static_cast<std::size_t>(std::llround(*share * static_cast<double>(stimuli.size()))));
    for (std::size_t i = 0; i < std::min(n, left.size()); ++i) stimuli[left[i]].split = split;
  } else if (std::holds_alternative<MostTrials>(part)) {
    const auto less = [](const Planned& a, const Planned& b) { return a.trials < b.trials; };
    const auto most = std::max_element(stimuli.begin(), stimuli.end(), less)->trials;
    if (std::min_element(stimuli.begin(), stimuli.end(), less)->trials == most) {
      throw ConfigError(
          where,
          fmt::format("most_trials: all stimuli have {} trials: give their names, or a fraction",
                      most));
    }
    for (auto& stimulus : stimuli) {
      if (stimulus.trials == most) take_split(stimulus, split, where);
    }
  }
}

}  // namespace

void add_unit_facts(const Facts& facts, const std::vector<std::string>& ids, UnitFacts& all,
                    std::vector<std::string>& notes) {
  std::map<std::string, std::size_t> rows;
  for (std::size_t row = 0; row < facts.names.size(); ++row) {
    const auto [first, added] = rows.emplace(facts.names[row], row);
    if (!added && facts.cells[first->second] != facts.cells[row] &&
        std::find(ids.begin(), ids.end(), facts.names[row]) != ids.end()) {
      throw DataError(
          facts.file, "",
          "expected one row per unit; found two for " + facts.names[row] + " that differ");
    }
  }
  std::size_t without = 0;
  for (const auto& id : ids) without += rows.contains(id) ? 0 : 1;
  if (without == ids.size()) {
    throw DataError(facts.file, "",
                    "expected rows of the units (" + ids.front() +
                        "); found none of them: is id the right column?");
  }
  if (without > 0) {
    notes.push_back(fmt::format("{} units have no row in {}", without, facts.file));
  }
  const auto n = static_cast<std::int64_t>(ids.size());
  for (std::size_t i = 0; i < facts.columns.size(); ++i) {
    std::string name = facts.columns[i];
    std::replace(name.begin(), name.end(), '/', '_');
    if (name == "id" || name == "." || name == "..") name += "_in_table";
    std::vector<std::string> cells;
    bool numbers = true;
    for (const auto& id : ids) {
      const auto row = rows.find(id);
      cells.push_back(row == rows.end() ? "" : facts.cells[row->second][i]);
      numbers = numbers && (is_missing(cells.back()) || !std::isnan(as_number(cells.back(), true)));
    }
    if (!numbers) {
      all.insert_or_assign(name, Array<std::string>({n}, cells));
      continue;
    }
    Array<double> values({n});
    for (std::size_t k = 0; k < cells.size(); ++k) values.values[k] = as_number(cells[k], true);
    all.insert_or_assign(name, std::move(values));
  }
}

void assign_stimuli(const Manifest& manifest, const Facts* facts, const Sounds& sounds,
                    std::vector<Planned>& stimuli, std::vector<std::string>& notes) {
  const SplitRule& rule = manifest.split;
  std::map<std::size_t, std::size_t> rows;  // sound -> row
  if (facts != nullptr) {
    for (std::size_t row = 0; row < facts->names.size(); ++row) {
      const std::int64_t sound = sounds.find(facts->names[row]);
      if (sound >= 0) rows[static_cast<std::size_t>(sound)] = row;
    }
    std::size_t without = 0;
    for (const auto& stimulus : stimuli) without += rows.contains(stimulus.sound) ? 0 : 1;
    if (without == stimuli.size()) {
      throw DataError(facts->file, "",
                      "expected rows of the sounds; found none of them: is sound "
                      "the right column?");
    }
    if (without > 0) {
      notes.push_back(fmt::format("{} stimuli have no row in {}", without, facts->file));
    }
  }
  const auto cell = [&](const Planned& stimulus, std::size_t column) -> std::string {
    const auto row = rows.find(stimulus.sound);
    return row == rows.end() ? "" : facts->cells[row->second][column];
  };
  if (!manifest.category.empty()) {
    const std::size_t column = fact_column(*facts, manifest.category);
    for (auto& stimulus : stimuli) stimulus.category = cell(stimulus, column);
  }
  if (!rule.column.empty()) {
    const std::size_t column = fact_column(*facts, rule.column);
    for (auto& stimulus : stimuli) {
      const std::string word = cell(stimulus, column);
      if (is_missing(word)) continue;
      stimulus.split = split_named(word);
      if (!stimulus.split) {
        throw DataError(facts->file, "column " + rule.column,
                        "expected train, valid or test; found " + word);
      }
    }
    return;
  }
  if (rule.test.index() == 0 && rule.valid.index() == 0) return;
  assign_part(rule.test, SplitName::test, rule.where, sounds, stimuli, rule.seed);
  assign_part(rule.valid, SplitName::valid, rule.where, sounds, stimuli, rule.seed);
  bool any = false;
  for (auto& stimulus : stimuli) {
    if (!stimulus.split) stimulus.split = SplitName::train;
    any = any || stimulus.split == SplitName::train;
  }
  if (!any)
    throw ConfigError(rule.where, "expected one stimulus or more left for training; found none");
}

}  // namespace strffit::import
