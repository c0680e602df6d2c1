// The command `slurm`: fits a run in shards as job arrays of Slurm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/slurm_request.hpp"
#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct SlurmArray {
  std::int64_t first = 0;            // index 1 of the array is shard first + 1
  std::vector<std::int64_t> shards;  // ascending
  std::string command;               // submits the array
  std::string job;                   // "" if not submitted
};

struct SlurmOutcome {
  std::string folder, train_script, merge_script;
  std::int64_t tasks = 0, finished = 0, queued = 0;  // shards; queued includes running
  std::vector<std::int64_t> elsewhere;               // shards that run outside Slurm
  bool merged = false;
  std::vector<SlurmArray> arrays;  // of shards that are neither finished nor queued
  std::string merge_command;       // "" if there is nothing to merge or a merge is queued
  std::string merge_job;
};

// Writes <run>/slurm/config.yaml, train.sbatch and merge.sbatch. If requested, submits the shards
// that are neither finished nor queued, and a merge that depends on them. ConfigError for invalid
// options, and, before anything is written, if tasks of the run folder are queued or started with
// another configuration or number, or the folder holds a run without shards. RunError if Slurm
// refuses, or is missing and needed.
SlurmOutcome slurm_run(const SlurmRequest& request, Observer& observer);

// Seconds of a time in sbatch's format: "2-12:30", "90", "1:30:00". ConfigError.
std::int64_t slurm_seconds(const std::string& time);

// {1, 2, 3, 5} -> "1-3,5".
std::string slurm_indices(const std::vector<std::int64_t>& ascending);

Report to_report(const SlurmOutcome& outcome);
std::string to_json(const SlurmOutcome& outcome);

}  // namespace strffit
