// Files about parts of the members, joined to one about all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "files/writer.hpp"
#include "formats/provenance.hpp"

namespace strffit {

// Files of one shard, and which members of the whole they are about.
struct ShardFiles {
  std::string checkpoint, results;
  std::vector<std::int64_t> numbers;  // in the whole run, ascending
};

// /members/number of a shard's results.
std::vector<std::int64_t> member_numbers(const std::string& results);

// Write what the run in one piece would have written, provenance apart. The shards' numbers are 0
// .. M - 1 together, each once. `config`: of the whole run. One dataset at a time is held beside
// the file that grows in memory. `more` may put further datasets. DataError where the files do not
// belong together.
void join_checkpoints(const std::string& path, const std::vector<ShardFiles>& shards,
                      const std::string& config);
void join_results(const std::string& path, const std::vector<ShardFiles>& shards,
                  const std::string& config, const Provenance& provenance,
                  const std::function<void(files::Writer&)>& more = {});

}  // namespace strffit
