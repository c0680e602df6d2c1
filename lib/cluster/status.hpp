// The command `status`.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "util/report.hpp"

namespace strffit {

enum class PartState { left, running, stopped, failed, finished };

// "left", ...
std::string to_string(PartState state);

// A shard, or a run in one piece.
struct PartStatus {
  std::string name;  // "3/8", or "1/1"
  PartState state = PartState::left;
  std::string why;            // it failed or stopped; where it runs
  std::int64_t members = -1;  // -1: not known before it has begun
  std::int64_t ended = 0;     // members that have, those that failed included
  std::int64_t failed = 0;    // members
  std::int64_t epoch = 0;     // of the current ensemble
  std::int64_t max_epochs = 0;
  double seconds_spent = 0;  // in epochs
  // To the last epoch at the pace of those before; early stopping makes it less. NaN: not known.
  double seconds_left = std::numeric_limits<double>::quiet_NaN();
};

struct RunStatus {
  std::string folder;
  bool sharded = false;
  bool merged = false;  // or finished in one piece
  std::vector<PartStatus> parts;
  double seconds_of_work = 0;  // left, of all parts together; NaN: not known
  double seconds_left = 0;  // with as many parts at once as run now; NaN: none runs, or not known

  std::int64_t with(PartState state) const;
};

// From the run folder alone, while others may write there. A part counts as running while its lock
// is held. Tasks of strffit slurm that have not begun are left. DataError where the folder holds no
// run.
RunStatus run_status(const std::string& folder);

Report to_report(const RunStatus& status);
std::string to_json(const RunStatus& status);

}  // namespace strffit
