// The command `slurm`: a run in shards as job arrays of a site's own Slurm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/slurm_request.hpp"
#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct SlurmArray {
  std::int64_t first = 0;            // its index 1 is shard first + 1
  std::vector<std::int64_t> shards;  // ascending
  std::string command;               // that submits it
  std::string job;                   // "" where it was not submitted
};

struct SlurmOutcome {
  std::string folder, train_script, merge_script;
  std::int64_t tasks = 0, finished = 0, queued = 0;  // queued: or running; of shards
  std::vector<std::int64_t> elsewhere;               // shards that run outside of Slurm
  bool merged = false;
  std::vector<SlurmArray> arrays;  // of what is neither done nor under way
  std::string merge_command;       // "" where nothing is left to merge, or a merge waits already
  std::string merge_job;
};

// Writes <run>/slurm/config.yaml, train.sbatch and merge.sbatch and, if asked to, submits what is
// neither done nor queued nor running, and a merge that waits for it. ConfigError for options that
// cannot work, and, before anything is written, where tasks of the run folder wait or have begun
// with another configuration or number, or a run in one piece lies there; RunError where Slurm
// refuses, or is not there and was to be used.
SlurmOutcome slurm_run(const SlurmRequest& request, Observer& observer);

// "2-12:30", "90", "1:30:00" as sbatch has them, in seconds. ConfigError.
std::int64_t slurm_seconds(const std::string& time);

// "1-3,5" of {1, 2, 3, 5}.
std::string slurm_indices(const std::vector<std::int64_t>& ascending);

Report to_report(const SlurmOutcome& outcome);
std::string to_json(const SlurmOutcome& outcome);

}  // namespace strffit
