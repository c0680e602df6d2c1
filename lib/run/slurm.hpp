// The command `slurm`: a run in shards as job arrays of a site's own Slurm.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/report.hpp"
#include "util/observer.hpp"

namespace strffit {

struct SlurmRequest {
  std::string config;                               // YAML file
  std::vector<std::string> assignments;             // "model.hidden=40"
  std::int64_t tasks = 0;                           // shards, >= 1
  std::string time, mem, gpus, partition, account;  // as sbatch takes them; "": not said
  std::int64_t cpus = 1;                            // of a task; its threads
  std::int64_t warn = 120;              // seconds before the time limit at which a task saves
  std::optional<std::int64_t> at_once;  // tasks of an array; else as many as the site gives
  std::int64_t array_limit = 1001;      // Slurm's MaxArraySize: indices are below it
  std::vector<std::string> sbatch;      // "--qos=long": further lines for both scripts
  bool submit = false;
  std::string program;       // this binary
  std::string command_line;  // for the record
};

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
