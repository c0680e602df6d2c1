// Options of `strffit slurm`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace strffit {

struct SlurmRequest {
  std::string config;                               // YAML file
  std::vector<std::string> assignments;             // "model.hidden=40"
  std::int64_t tasks = 0;                           // shards, >= 1
  std::string time, mem, gpus, partition, account;  // in sbatch's format; "": not given
  std::int64_t cpus = 1;                            // per task, also its threads
  std::int64_t warn = 120;              // seconds before the time limit at which a task saves
  std::optional<std::int64_t> at_once;  // tasks of an array; default: no limit
  std::int64_t array_limit = 1001;      // Slurm's MaxArraySize; indices are below it
  std::vector<std::string> sbatch;      // "--qos=long": more lines for both scripts
  std::string wrap = {};                // "apptainer exec strffit.sif", put before the program
  bool submit = false;
  std::string program;       // this binary
  std::string command_line;  // for the scripts' comments
};

}  // namespace strffit
