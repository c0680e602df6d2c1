// Divides a product into blocks of rows for threads. Private to this room.
#pragma once

#include <algorithm>
#include <cstdint>

#include "util/threads.hpp"

namespace strffit::ops {

// Calls work(first, rows) for blocks of the m rows of a product (m, n) over k, on up to `threads`
// threads if it is large enough. The blocks do not depend on the number of threads.
template <class Work>
void in_row_blocks(int threads, std::int64_t m, std::int64_t n, std::int64_t k, const Work& work) {
  constexpr std::int64_t kRows = 512;
  constexpr double kWorthAThread = 4e6;  // multiplications, about 0.1 ms
  const auto blocks = (m + kRows - 1) / kRows;
  const auto one = [&](std::int64_t block) {
    work(block * kRows, std::min(kRows, m - block * kRows));
  };
  const double size = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (threads > 1 && blocks > 1 && size > kWorthAThread) {
    parallel_for(blocks, threads, one);
  } else {
    for (std::int64_t block = 0; block < blocks; ++block) one(block);
  }
}

}  // namespace strffit::ops
