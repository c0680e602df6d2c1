// A run in shards: which of them fits what, and where it lies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "study/config.hpp"
#include "study/shard.hpp"

namespace strffit {

// <run>/shards, <run>/shards/3-of-8.
std::string shards_folder(const std::string& run);
std::string shard_folder(const std::string& run, const Shard& shard);

// ConfigError where the folder holds a run in one piece.
void refuse_run_in_one_piece(const std::string& run);

// What differs between a configuration and that of <run>/config.yaml, which the shards of the run
// are fitted with; nothing where there is none yet.
std::vector<std::string> differences_from_run(const std::string& run, const std::string& resolved);

// Makes the run folder and its config.yaml, which the first shard to come writes and every other
// must agree with: ConfigError naming the differences, and where the folder holds a run in one
// piece or shards of another number. Returns the options that members are cut by, the same for all.
RunOptions join_run(const std::string& run, const Shard& shard, const std::string& resolved);

// What a shard, or a run of several ensembles, has to do, written as share.json into its folder
// when it begins: how many members of each ensemble. It is done when every ensemble of which it has
// members has its results.h5.
struct Share {
  struct Part {
    std::string folder;        // of the ensemble, below the shard's; "" where it is the only one
    std::int64_t members = 0;  // of this shard
    std::int64_t members_all = 0;  // of the run
  };
  Shard shard;
  std::vector<Part> parts;

  std::int64_t members() const;
};
void write_share(const std::string& shard_folder, const Share& share);
// DataError where the file is missing or damaged.
Share read_share(const std::string& shard_folder);

// Of how many shards the scripts are that strffit slurm wrote into a run folder, with its
// slurm/shards.json; 0 where there is none. DataError where that is damaged.
std::int64_t slurm_shards(const std::string& run);
void write_slurm_shards(const std::string& run, std::int64_t of);

// The shards of a run folder, by the folders that are there: their common N, 0 where there is none.
// ConfigError where they are of several.
std::int64_t shards_in(const std::string& run);

}  // namespace strffit
