// What `strffit slurm` is asked for.
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

}  // namespace strffit
