// Text tables: CSV and TSV.
#include <algorithm>
#include <cmath>
#include <compare>
#include <map>
#include <unordered_map>

#include "import/events.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "import/time_unit.hpp"
#include "readers/table.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::size_t kMostEvents = 5000000;

EventTable events_of(const std::string& file, bool tabs) {
  Table table(file, tabs);
  EventTable events{file, "", {}, {}};
  std::vector<std::vector<std::string>> cells(table.header().size());
  while (table.next()) {
    if (events.where.size() == kMostEvents) {
      throw DataError(file, "", "expected at most five million rows of a table of events or facts");
    }
    events.where.push_back(table.where());
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i].push_back(table.cell(i));
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    events.columns.push_back({table.header()[i], std::move(cells[i])});
  }
  return events;
}

template <bool tabs>
ReadPresentations table_presentations(config::Node& node) {
  const std::string given =
      required_text(node, tabs ? "tsv" : "csv", "a table with one row per event");
  const EventOptions options = read_event_options(node, false);
  return [=](Reading& reading, const Sounds& sounds) {
    return presentations_of(events_of(reading.source(given), tabs), options, sounds, reading);
  };
}

// Columns of a table with one row per spike.
struct SpikeColumns {
  std::string unit, time, sound, trial;  // sound and trial may be ""
};

// Index of each unit. Hashed, because every one of millions of rows needs a lookup.
using UnitPlaces = std::unordered_map<std::string, std::size_t>;

// A spike of a table by trial: 16 bytes, appended and sorted once, which is five times as fast as
// finding the trial of each spike.
struct SpikeRow {
  std::uint64_t key;  // 24 bits unit, 20 bits sound, 20 bits trial
  double time_s;
  auto operator<=>(const SpikeRow&) const = default;
};
constexpr int kSoundBits = 20, kTrialBits = 20, kUnitBits = 24;

std::uint64_t trial_key(std::size_t unit, std::size_t sound, std::int64_t trial) {
  return (static_cast<std::uint64_t>(unit) << (kSoundBits + kTrialBits)) |
         (static_cast<std::uint64_t>(sound) << kTrialBits) | static_cast<std::uint64_t>(trial);
}

std::vector<std::string> in_natural_order(const UnitPlaces& places) {
  std::vector<std::string> names;
  for (const auto& [name, place] : places) names.push_back(name);
  std::sort(names.begin(), names.end(), natural_less);
  return names;
}

class SpikeTable {
 public:
  SpikeTable(const std::string& file, bool tabs, const SpikeColumns& columns, const TimeUnit& unit,
             const std::string& id)
      : table_(file, tabs), unit_(unit), id_(id), time_(table_.column(columns.time)) {
    if (!columns.unit.empty())
      unit_column_ = static_cast<std::int64_t>(table_.column(columns.unit));
    if (!columns.sound.empty()) sound_ = static_cast<std::int64_t>(table_.column(columns.sound));
    if (!columns.trial.empty()) trial_ = static_cast<std::int64_t>(table_.column(columns.trial));
  }

  Responses on_clock() {
    UnitPlaces places;
    std::vector<std::vector<double>> times;
    while (table_.next()) {
      const auto [place, added] = places.try_emplace(unit_name(), places.size());
      if (added) times.emplace_back();
      times[place->second].push_back(time());
    }
    if (places.empty()) {
      throw DataError(table_.file(), "", "expected one row per spike below the header; found none");
    }
    check_seconds();
    Responses responses;
    ClockSpikes spikes;
    for (const auto& name : in_natural_order(places)) {
      std::vector<double>& train = times[places.at(name)];
      std::sort(train.begin(), train.end());
      responses.ids.push_back(name);
      spikes.units.push_back({std::move(train), {}});
    }
    responses.values = std::move(spikes);
    return responses;
  }

  Responses by_trial(const Sounds& sounds, bool skip_absent, Reading& reading) {
    UnitPlaces units;
    std::vector<SpikeRow> rows;
    std::map<std::string, std::int64_t> absent;
    std::unordered_map<std::string, std::int64_t> known;
    while (table_.next()) {
      const std::string& name = table_.cell(static_cast<std::size_t>(sound_));
      auto found = known.find(name);
      if (found == known.end()) {
        const auto index = sound_of(sounds, name, skip_absent, table_.where(), "");
        found = known.emplace(name, index).first;
      }
      if (found->second < 0) {
        ++absent[name];
        continue;
      }
      const auto unit = units.try_emplace(unit_name(), units.size()).first->second;
      const double number = table_.number(static_cast<std::size_t>(trial_));
      if (number != std::floor(number) || number < 0 || number > kMostTrial) {
        table_.fail(static_cast<std::size_t>(trial_), "expected the number of a trial");
      }
      const auto sound = static_cast<std::size_t>(found->second);
      if ((unit >> kUnitBits) != 0 || (sound >> kSoundBits) != 0) {
        throw DataError(table_.where(), "",
                        "expected at most 16 million units and a million sounds; found more");
      }
      rows.push_back({trial_key(unit, sound, static_cast<std::int64_t>(number)), time()});
    }
    if (units.empty()) refuse_no_spike(sounds, absent);
    check_seconds();
    for (const auto& [name, n] : absent) {
      reading.notes.push_back(
          fmt::format("{} spikes to {} skipped: there is no such sound", n, name));
    }
    return gathered(units, rows, reading);
  }

 private:
  [[noreturn]] void refuse_no_spike(const Sounds& sounds,
                                    const std::map<std::string, std::int64_t>& absent) const {
    if (absent.empty()) {
      throw DataError(table_.file(), "", "expected one row per spike below the header; found none");
    }
    throw DataError(table_.file(), "column " + table_.header()[static_cast<std::size_t>(sound_)],
                    "expected spikes to one existing sound or more (" + sounds.described() +
                        "); found only others, such as " + absent.begin()->first +
                        ": is sound the right column, and are the names those of the files?");
  }

  // A row may have trial 1,000,000; all lower trials of every unit would then count as silent.
  void refuse_gaps(std::size_t units, std::size_t rows, std::int64_t first,
                   const std::map<std::size_t, std::int64_t>& last) const {
    std::int64_t trials = 0, highest = 0;
    for (const auto& [sound, most] : last) {
      trials += most - first + 1;
      highest = std::max(highest, most);
    }
    const auto all = bounded_product(trials, static_cast<std::int64_t>(units));
    if (all <= 1000000 + 100 * static_cast<std::int64_t>(rows)) return;
    throw DataError(
        table_.file(), "column " + table_.header()[static_cast<std::size_t>(trial_)],
        fmt::format(
            "expected trials numbered one after the other; found {} in a table of {} spikes",
            highest, rows));
  }

  // Trials count from 0 or 1. A trial without a spike has no row; it exists if a higher one does.
  Responses gathered(const UnitPlaces& units, std::vector<SpikeRow>& rows, Reading& reading) const {
    constexpr std::uint64_t kTrialMask = (1U << kTrialBits) - 1,
                            kSoundMask = (1U << kSoundBits) - 1;
    std::sort(rows.begin(), rows.end());
    Responses responses;
    TrialSpikes spikes;
    std::int64_t first = 1;
    std::map<std::size_t, std::int64_t> last;  // highest trial of each sound
    for (const auto& row : rows) {
      const auto trial = static_cast<std::int64_t>(row.key & kTrialMask);
      first = std::min(first, trial);
      auto& most = last[(row.key >> kTrialBits) & kSoundMask];
      most = std::max(most, trial);
    }
    refuse_gaps(units.size(), rows.size(), first, last);
    std::size_t silent = 0;
    for (const auto& name : in_natural_order(units)) {
      const std::size_t unit = responses.ids.size(), place = units.at(name);
      responses.ids.push_back(name);
      auto row = std::lower_bound(rows.begin(), rows.end(), trial_key(place, 0, 0),
                                  [](const SpikeRow& a, std::uint64_t key) { return a.key < key; });
      for (const auto& [sound, highest] : last) {
        for (std::int64_t trial = first; trial <= highest; ++trial) {
          const std::uint64_t key = trial_key(place, sound, trial);
          std::vector<double> times;
          for (; row != rows.end() && row->key == key; ++row) times.push_back(row->time_s);
          if (times.empty()) ++silent;
          spikes.trials.push_back({unit, sound, trial - first, std::move(times)});
        }
      }
    }
    if (silent > 0) {
      reading.notes.push_back(
          fmt::format("{} trials of a unit have no row in {} and count as trials without a spike",
                      silent, table_.file()));
    }
    responses.values = std::move(spikes);
    return responses;
  }

  const std::string& unit_name() const {
    if (unit_column_ < 0) return id_;
    const std::string& name = table_.cell(static_cast<std::size_t>(unit_column_));
    if (name.empty()) table_.fail(static_cast<std::size_t>(unit_column_), "expected a unit");
    return name;
  }

  double time() {
    const double number = table_.number(time_);
    if (first_.size() < kLooked || number != std::floor(number)) {
      whole_ = whole_ && number == std::floor(number);
      if (first_.size() < kLooked) first_.push_back(number);
    }
    return number * unit_.seconds;
  }

  void check_seconds() const {
    if (whole_) refuse_whole_seconds(unit_, first_, table_.file(), "");
  }

  static constexpr std::size_t kLooked = 1000;
  static constexpr double kMostTrial = 1e6;
  static_assert(kMostTrial < (1 << kTrialBits));

  Table table_;
  TimeUnit unit_;
  std::string id_;
  std::size_t time_;
  std::int64_t unit_column_ = -1, sound_ = -1, trial_ = -1;
  std::vector<double> first_;
  bool whole_ = true;
};

template <bool tabs>
ReadResponses table_responses(config::Node& node) {
  const std::string given =
      required_text(node, tabs ? "tsv" : "csv", "a table with one row per spike");
  SpikeColumns columns;
  columns.time = required_text(node, "time", "the column of spike times");
  std::string id = required_text(node, "id", "the column that names the unit, or the unit's name");
  columns.sound = node.get("sound", "", "the column that names the sound, where spikes come by it");
  columns.trial = node.get("trial", "", "the column of the trial's number");
  if (columns.sound.empty() != columns.trial.empty()) {
    node.fail(columns.sound.empty() ? "trial" : "sound",
              "sound and trial go together: spike times from the sound's onset; without both they "
              "are on the recording's clock");
  }
  const TimeUnit unit = read_time_unit(node);
  const bool skip = read_skip_absent(node);
  return [=](Reading& reading, const Sounds& sounds) {
    const std::string file = reading.source(given);
    SpikeColumns named = columns;
    if (named.unit.empty() && Table(file, tabs).has(id)) named.unit = id;
    SpikeTable table(file, tabs, named, unit, id);
    return named.sound.empty() ? table.on_clock() : table.by_trial(sounds, skip, reading);
  };
}

template <bool tabs>
ReadFacts table_facts(config::Node& node) {
  const std::string given =
      required_text(node, tabs ? "tsv" : "csv", "a table with one row per name");
  const bool of_units = node.path() == "units";
  const std::string key =
      required_text(node, of_units ? "id" : "sound", "the column that names what a row is about");
  return [=](Reading& reading) {
    const EventTable table = events_of(reading.source(given), tabs);
    Facts facts;
    facts.file = table.file;
    const EventColumn& names = table.column(key);
    for (const auto& column : table.columns) {
      if (column.name != key && !column.name.empty()) facts.columns.push_back(column.name);
    }
    for (std::size_t row = 0; row < table.rows(); ++row) {
      facts.names.push_back(table.text(names, row));
      facts.cells.emplace_back();
      for (const auto& column : facts.columns) {
        facts.cells.back().push_back(table.text(table.column(column), row));
      }
    }
    return facts;
  };
}

}  // namespace

Source csv_source() {
  return {"csv",  nullptr, table_presentations<false>, table_responses<false>, table_facts<false>,
          nullptr};
}

Source tsv_source() {
  return {"tsv",  nullptr, table_presentations<true>, table_responses<true>, table_facts<true>,
          nullptr};
}

}  // namespace strffit::import
