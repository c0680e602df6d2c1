// The units, members and axes that a file describes. Checkpoints, results, predictions and
// receptive fields all contain a roster (formats.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "files/reader.hpp"
#include "files/writer.hpp"
#include "training/plan.hpp"
#include "util/axes.hpp"

namespace strffit {

// A unit that was not fitted.
struct SkippedUnit {
  std::int64_t unit = 0;  // index into Roster::unit_ids
  std::string reason;
};

struct Roster {
  Axes axes;
  std::vector<std::string> unit_ids;  // (N_all)
  UnitFacts unit_facts;               // (N_all, ...)
  std::vector<Member> members;        // Member::unit is an index into unit_ids, or -1 for all units
  std::vector<SkippedUnit> skipped;
  // The settings of a sweep: each swept key with its value (YAML) in every setting. Member::setting
  // is an index into these lists. Empty without a sweep.
  std::map<std::string, std::vector<std::string>> settings;

  std::int64_t number_of_settings() const {
    return settings.empty() ? 1 : static_cast<std::int64_t>(settings.begin()->second.size());
  }
  std::int64_t units() const { return static_cast<std::int64_t>(unit_ids.size()); }
  // True if each member has one output (fit.mode: independent). Otherwise each member predicts all
  // units.
  bool independent() const { return members.front().unit >= 0; }
  std::int64_t outputs() const { return independent() ? 1 : units(); }
  // Index of the unit that an output of a member predicts.
  std::int64_t unit_of(const Member& member, std::int64_t output) const {
    return member.unit >= 0 ? member.unit : output;
  }
};

// Writes the roster. RunError if the file cannot be written.
void put_roster(files::Writer& writer, const Roster& roster);

// Reads the roster without unit_facts. DataError if /units, /members or /frequencies_hz violate
// formats.md.
Roster read_roster(const files::Reader& reader);

}  // namespace strffit
