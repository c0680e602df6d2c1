// The command `merge`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "study/selection.hpp"
#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct MergeRequest {
  std::string run;           // run folder
  std::string command_line;  // for the record
};

struct MergeOutcome {
  std::string folder;
  std::int64_t shards = 0, members = 0;
  std::optional<StudyOutcome> study;  // of a sweep or nested folds
};

// Joins the shards of a run into its checkpoint.h5 and results.h5, as the run in one piece would
// have written them. RunError naming the shards that are missing or not done, and why.
MergeOutcome merge_run(const MergeRequest& request, Observer& observer);

Report to_report(const MergeOutcome& outcome);
std::string to_json(const MergeOutcome& outcome);

}  // namespace strffit
