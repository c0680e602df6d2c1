// Whom a file is about: the units, the members, the axes. Checkpoints, results, predictions and
// receptive fields all begin with it (formats.md).
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

// A unit that no member was fitted to.
struct SkippedUnit {
  std::int64_t unit = 0;  // index into Roster::unit_ids
  std::string reason;
};

struct Roster {
  Axes axes;
  std::vector<std::string> unit_ids;  // (N_all)
  UnitFacts unit_facts;               // (N_all, ...)
  std::vector<Member> members;        // `unit` is an index into unit_ids, or -1
  std::vector<SkippedUnit> skipped;
  // Of a sweep: its keys, each with its value (YAML) in every setting; Member::setting is the index
  // of one. Empty without a sweep.
  std::map<std::string, std::vector<std::string>> settings;

  std::int64_t number_of_settings() const {
    return settings.empty() ? 1 : static_cast<std::int64_t>(settings.begin()->second.size());
  }
  std::int64_t units() const { return static_cast<std::int64_t>(unit_ids.size()); }
  // One output each (fit.mode: independent), or all units.
  bool independent() const { return members.front().unit >= 0; }
  std::int64_t outputs() const { return independent() ? 1 : units(); }
  // Unit of a member's output.
  std::int64_t unit_of(const Member& member, std::int64_t output) const {
    return member.unit >= 0 ? member.unit : output;
  }
};

void put_roster(files::Writer& writer, const Roster& roster);

// Without the facts. DataError where /units, /members or /frequencies_hz break formats.md.
Roster read_roster(const files::Reader& reader);

}  // namespace strffit
