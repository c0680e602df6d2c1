// A share of the members of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "training/batching.hpp"

namespace strffit {

// The I-th of N shares of a run; of = 0: the run in one piece.
struct Shard {
  std::int64_t number = 0;  // from 1
  std::int64_t of = 0;

  bool given() const { return of > 0; }
};

inline constexpr std::int64_t kMostShards = 100000;

// "3/8". ConfigError.
Shard parse_shard(const std::string& text);

using Chunks = std::vector<std::vector<std::int64_t>>;

// The chunks of each plan that a shard fits: about 1/N of the cost, each chunk in exactly one
// shard, those of the same units in the same shard where possible. May be none.
std::vector<Chunks> share_of(const std::vector<const Plan*>& plans, const Shard& shard);

// "3<separator>8"; nothing for other texts.
std::optional<Shard> shard_in(const std::string& text, const std::string& separator);

}  // namespace strffit
