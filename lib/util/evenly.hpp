// Evenly spaced subsets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace strffit {

// At most `most` of the indices 0 .. n - 1, ascending and evenly spaced.
inline std::vector<std::int64_t> evenly(std::int64_t n, std::int64_t most) {
  std::vector<std::int64_t> places;
  const auto chosen = std::min(n, most);
  for (std::int64_t i = 0; i < chosen; ++i) places.push_back(i * n / chosen);
  return places;
}

}  // namespace strffit
