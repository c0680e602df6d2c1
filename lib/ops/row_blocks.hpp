// A product cut into blocks of rows, which threads share. Private to this room.
#pragma once

#include <algorithm>
#include <cstdint>

#include "util/threads.hpp"

namespace strffit::ops {

// work(first, rows) for blocks of the m rows of a product (m, n) over k, on up to `threads` threads
// where that is worth their while. The blocks are the same however many threads there are.
template <class Work>
void in_row_blocks(int threads, std::int64_t m, std::int64_t n, std::int64_t k, const Work& work) {
  constexpr std::int64_t kRows = 512;
  constexpr double kWorthAThread = 4e6;  // multiplications, a tenth of a millisecond
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
