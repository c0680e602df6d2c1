// What a study says beyond the scores of its members: the best setting of a sweep, and how good
// nested cross-validation finds what it chose. Written as <run>/study.h5 (formats.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/averaged.hpp"
#include "formats/study_file.hpp"
#include "study/study.hpp"

namespace strffit {

// Of all members of a study, those of its ensembles one after the other.
struct AllMembers {
  Roster roster;
  std::vector<std::int64_t> ensemble_of;   // (settings)
  std::map<std::string, Metrics> metrics;  // by split, (M, N)
  std::optional<Averaged> averaged;        // where units have several members with a setting
};

// Reads the results of every ensemble below the run folder.
AllMembers read_members(const Study& study, const std::string& run);

// `folds`: per fold, whether its members count; empty: all.
Choice choose(const AllMembers& all, Monitor monitor, const std::vector<char>& folds = {});

// Scores of nested cross-validation.
Nested score_nested(const Study& study, const AllMembers& all, const std::string& run);

struct StudyOutcome {
  std::map<std::string, std::vector<std::string>> settings;  // as of Roster
  Choice choice;
  std::map<std::string, std::pair<double, double>> nested;  // Nested::of_units
  std::int64_t outer = 0;
  std::map<std::string, Metrics> metrics;  // of all members
};

// Chooses, scores and writes study.h5. The ensembles have their results.
StudyOutcome finish_study(const Study& study, const std::string& run, Provenance provenance);

}  // namespace strffit
