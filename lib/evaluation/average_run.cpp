#include "evaluation/average_run.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "util/errors.hpp"

namespace strffit {

namespace {

// For each id: its index in `other`, or -1 if `other` does not contain it.
std::vector<std::int64_t> places_in(const std::vector<std::string>& ids,
                                    const std::vector<std::string>& other) {
  std::map<std::string, std::int64_t> places;
  for (std::size_t i = 0; i < other.size(); ++i) places[other[i]] = static_cast<std::int64_t>(i);
  std::vector<std::int64_t> found;
  for (const auto& id : ids) {
    const auto place = places.find(id);
    found.push_back(place == places.end() ? -1 : place->second);
  }
  return found;
}

std::vector<const Checkpoint*> pointers_to(const std::vector<Checkpoint>& parts) {
  std::vector<const Checkpoint*> pointers;
  for (const auto& part : parts) pointers.push_back(&part);
  return pointers;
}

}  // namespace

Average average_of_parts(const std::vector<const Checkpoint*>& parts,
                         const std::vector<double>& weights,
                         const std::vector<std::vector<Partition>>& partitions) {
  const auto& ids = parts.front()->roster.unit_ids;
  Average average;
  average.units = static_cast<std::int64_t>(ids.size());
  average.groups = {{AverageGroup::kAnySetting, -1}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    average.parts.push_back({parts[i], weights.at(i), places_in(ids, parts[i]->roster.unit_ids),
                             partitions.empty() ? std::vector<Partition>() : partitions.at(i)});
  }
  return average;
}

Roster roster_of_parts(const std::vector<const Checkpoint*>& parts) {
  Roster roster = parts.front()->roster;
  roster.settings.clear();
  roster.members = {Member{}};
  std::set<std::int64_t> known;
  for (const auto& skipped : roster.skipped) known.insert(skipped.unit);
  for (const auto* part : parts) {
    const auto places = places_in(part->roster.unit_ids, roster.unit_ids);
    for (const auto& skipped : part->roster.skipped) {
      const auto place = places.at(static_cast<std::size_t>(skipped.unit));
      if (place >= 0 && known.insert(place).second)
        roster.skipped.push_back({place, skipped.reason});
    }
  }
  return roster;
}

Average AverageRun::average(const std::vector<std::vector<Partition>>& partitions) const {
  std::vector<double> weights;
  for (const auto& part : file.parts) weights.push_back(part.weight);
  return average_of_parts(pointers_to(parts), weights, partitions);
}

Roster AverageRun::roster() const { return roster_of_parts(pointers_to(parts)); }

std::int64_t AverageRun::members() const {
  std::int64_t members = 0;
  for (const auto& part : parts) members += part.members();
  return members;
}

Array<std::int64_t> AverageRun::members_of_units() const {
  const auto& ids = parts.front().roster.unit_ids;
  Array<std::int64_t> members({1, 1, static_cast<std::int64_t>(ids.size())}, 0);
  for (const auto& part : parts) {
    // (S, A, N); the first row of A holds all folds
    const auto own = averages_in(part.roster).members;
    const auto places = places_in(ids, part.roster.unit_ids);
    for (std::size_t unit = 0; unit < places.size(); ++unit) {
      for (std::int64_t s = 0; s < own.dim(0) && places[unit] >= 0; ++s) {
        members.values[unit] += own.data()[s * own.dim(1) * own.dim(2) + places[unit]];
      }
    }
  }
  return members;
}

AverageRun read_average_run(const std::string& file) {
  AverageRun run{read_average(file), {}};
  for (const auto& part : run.file.parts) run.parts.push_back(read_checkpoint(part.checkpoint));
  const Roster& first = run.parts.front().roster;
  const auto sorted = [](std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    return ids;
  };
  for (const auto& part : run.parts) {
    const Roster& roster = part.roster;
    const bool same = sorted(roster.unit_ids) == sorted(first.unit_ids) &&
                      roster.axes.dt_ms == first.axes.dt_ms &&
                      roster.axes.frequencies_hz == first.axes.frequencies_hz;
    if (same) continue;
    throw DataError(part.file, "",
                    "expected the units, bands and frame width of " + run.parts.front().file +
                        ", with which it is averaged");
  }
  return run;
}

}  // namespace strffit
