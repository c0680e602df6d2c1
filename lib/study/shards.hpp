// A run that is fitted in shards: folders, shared options and progress.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "study/config.hpp"
#include "study/shard.hpp"

namespace strffit {

// Paths "<run>/shards" and "<run>/shards/3-of-8".
std::string shards_folder(const std::string& run);
std::string shard_folder(const std::string& run, const Shard& shard);

// Throws ConfigError if the folder has a run that is not divided into shards.
void refuse_run_in_one_piece(const std::string& run);

// Lists the differences between `resolved` and <run>/config.yaml, which all shards of the run use.
// Empty if there is no such file yet.
std::vector<std::string> differences_from_run(const std::string& run, const std::string& resolved);

// Makes the run folder and its config.yaml. The first shard writes this file, and all others must
// agree with it. Throws ConfigError that names the differences, or if the folder has a run that is
// not divided, or shards of another number. Returns the options for cutting members into chunks,
// which are the same for all shards.
RunOptions join_run(const std::string& run, const Shard& shard, const std::string& resolved);

// The work of one shard, or of a run with several ensembles: the number of members of each
// ensemble. It is written to share.json when the shard begins. The shard has finished when every
// ensemble in which it has members has its results.h5.
struct Share {
  struct Part {
    std::string folder;            // below the folder of the shard; "" for a single ensemble
    std::int64_t members = 0;      // in this shard
    std::int64_t members_all = 0;  // in the whole run
  };
  Shard shard;
  std::vector<Part> parts;

  std::int64_t members() const;
};
void write_share(const std::string& shard_folder, const Share& share);
// Throws DataError if the file is missing or damaged.
Share read_share(const std::string& shard_folder);

// Number of shards in the scripts that `strffit slurm` has written, from slurm/shards.json. 0 if
// the file is missing. Throws DataError if it is damaged.
std::int64_t slurm_shards(const std::string& run);
void write_slurm_shards(const std::string& run, std::int64_t of);

// The number N of shards, from the shard folders of a run; 0 if there are none. Throws ConfigError
// if the folders have different N.
std::int64_t shards_in(const std::string& run);

}  // namespace strffit
