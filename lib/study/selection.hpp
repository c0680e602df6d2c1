// Results of a study beyond the scores of its members: the best setting of a sweep, and the scores
// of nested cross-validation. Written to <run>/study.h5 (formats.md).
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

// All members of a study, ensemble after ensemble.
struct AllMembers {
  Roster roster;
  std::vector<std::int64_t> ensemble_of;   // (settings)
  std::map<std::string, Metrics> metrics;  // by split, (M, N)
  std::optional<Averaged> averaged;  // set if units have several members with the same setting
};

// Reads the results of every ensemble in the run folder. Throws DataError if they are missing or
// damaged.
AllMembers read_members(const Study& study, const std::string& run);

// Chooses the best setting. `folds`: per fold, 1 if its members count; empty: all count.
Choice choose(const AllMembers& all, Monitor monitor, const std::vector<char>& folds = {});

// Computes the scores of nested cross-validation.
Nested score_nested(const Study& study, const AllMembers& all, const std::string& run);

struct StudyOutcome {
  std::map<std::string, std::vector<std::string>> settings;  // as in Roster
  Choice choice;
  std::map<std::string, std::pair<double, double>> nested;  // Nested::of_units
  std::int64_t outer = 0;
  std::map<std::string, Metrics> metrics;  // of all members
};

// Chooses, computes the scores and writes study.h5. The results of all ensembles must exist.
StudyOutcome finish_study(const Study& study, const std::string& run, Provenance provenance);

}  // namespace strffit
