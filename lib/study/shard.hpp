// A shard: a part of the members of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "training/batching.hpp"

namespace strffit {

// Shard `number` of `of`. of = 0: the run is not divided.
struct Shard {
  std::int64_t number = 0;  // from 1
  std::int64_t of = 0;

  bool given() const { return of > 0; }
};

inline constexpr std::int64_t kMostShards = 100000;

// Parses "3/8". Throws ConfigError for invalid text.
Shard parse_shard(const std::string& text);

using Chunks = std::vector<std::vector<std::int64_t>>;

// The chunks of each plan that a shard fits, about 1/N of the total cost. Each chunk is in exactly
// one shard. Chunks with the same units are in the same shard where possible. May be empty.
std::vector<Chunks> share_of(const std::vector<const Plan*>& plans, const Shard& shard);

// Parses "3<separator>8". Returns nothing for other text.
std::optional<Shard> shard_in(const std::string& text, const std::string& separator);

}  // namespace strffit
