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

// A shard, or a whole run.
struct PartStatus {
  std::string name;  // "3/8", or "1/1"
  PartState state = PartState::left;
  std::string why;            // reason of failure or stop; host, if running
  std::int64_t members = -1;  // -1: unknown, not started
  std::int64_t ended = 0;     // members that ended, including failed ones
  std::int64_t failed = 0;    // members
  std::int64_t epoch = 0;     // of the current ensemble
  std::int64_t max_epochs = 0;
  double seconds_spent = 0;  // sum over epochs
  // To the last epoch at the recent pace; early stopping shortens it. NaN: unknown.
  double seconds_left = std::numeric_limits<double>::quiet_NaN();
};

struct RunStatus {
  std::string folder;
  bool sharded = false;
  bool merged = false;  // or finished as a whole
  std::vector<PartStatus> parts;
  std::int64_t members = -1;   // of the whole run; -1: unknown
  double seconds_of_work = 0;  // remaining, sum over parts; NaN: unknown
  double seconds_left = 0;     // with the present number of running parts; NaN: none or unknown

  std::int64_t with(PartState state) const;
};

// Reads the run folder only, which others may be writing. A part is running while its lock is
// held. Queued tasks of strffit slurm have state `left`. DataError if the folder holds no
// run.
RunStatus run_status(const std::string& folder);

Report to_report(const RunStatus& status);
std::string to_json(const RunStatus& status);

}  // namespace strffit
