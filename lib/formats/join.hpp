// Joins the files of the shards of a run into the files of the whole run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "files/writer.hpp"
#include "formats/provenance.hpp"

namespace strffit {

// The files of one shard, and the numbers of its members in the whole run.
struct ShardFiles {
  std::string checkpoint, results;
  std::vector<std::int64_t> numbers;  // in the whole run, ascending
};

// Reads /members/number from the results of a shard. DataError if it is missing or invalid.
std::vector<std::int64_t> member_numbers(const std::string& results);

// Both functions write the same file as an unsharded run, except for the provenance. Together, the
// numbers of the shards must be 0 .. M - 1, each once. `config`: YAML of the whole run. Memory
// holds one dataset at a time, in addition to the output file. `more` may put further datasets.
// DataError if the files do not belong to the same run. RunError if the file cannot be written.
void join_checkpoints(const std::string& path, const std::vector<ShardFiles>& shards,
                      const std::string& config);
void join_results(const std::string& path, const std::vector<ShardFiles>& shards,
                  const std::string& config, const Provenance& provenance,
                  const std::function<void(files::Writer&)>& more = {});

}  // namespace strffit
