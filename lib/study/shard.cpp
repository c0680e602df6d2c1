#include "study/shard.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

std::optional<Shard> shard_in(const std::string& text, const std::string& separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string::npos) return std::nullopt;
  Shard shard;
  const auto whole = [](const std::string& digits, std::int64_t& value) {
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, value);
    return parsed.ec == std::errc() && parsed.ptr == end && !digits.empty();
  };
  if (!whole(text.substr(0, at), shard.number) ||
      !whole(text.substr(at + separator.size()), shard.of) || shard.number < 1 ||
      shard.number > shard.of) {
    return std::nullopt;
  }
  return shard;
}

Shard parse_shard(const std::string& text) {
  if (const auto shard = shard_in(text, "/")) {
    if (shard->of <= kMostShards) return *shard;
    throw ConfigError("--shard",
                      fmt::format("expected at most {} shares; found \"{}\"", kMostShards, text));
  }
  throw ConfigError("--shard",
                    "expected I/N, the I-th of N shares counted from 1, such as 3/8; "
                    "found \"" +
                        text + "\"");
}

std::vector<Chunks> share_of(const std::vector<const Plan*>& plans, const Shard& shard) {
  struct Piece {
    std::tuple<std::int64_t, std::int64_t, std::int64_t> units_fold_seed;
    std::size_t plan, chunk;
    double cost;
  };
  std::vector<Piece> pieces;
  double total = 0;
  for (std::size_t p = 0; p < plans.size(); ++p) {
    for (std::size_t c = 0; c < plans[p]->chunks.size(); ++c) {
      const auto& chunk = plans[p]->chunks[c];
      const Member& first = plans[p]->members[static_cast<std::size_t>(chunk.front())];
      pieces.push_back({{first.unit, first.fold, first.seed}, p, c, cost(*plans[p], chunk)});
      total += pieces.back().cost;
    }
  }
  // Chunks with the same units become neighbours, so that only one shard reads these units. Model
  // kinds are spread over all shards, because their relative costs are uncertain.
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return a.units_fold_seed < b.units_fold_seed;
  });
  std::vector<Chunks> share(plans.size());
  double before = 0;
  for (const auto& piece : pieces) {
    const double middle = (before + piece.cost / 2) / total;
    before += piece.cost;
    const auto to = static_cast<std::int64_t>(middle * static_cast<double>(shard.of));
    if (std::min(to, shard.of - 1) != shard.number - 1) continue;
    share[piece.plan].push_back(plans[piece.plan]->chunks[piece.chunk]);
  }
  return share;
}

}  // namespace strffit
