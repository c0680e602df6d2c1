// Independent pieces of work, a thread each.
#pragma once

#include <cstdint>
#include <functional>

namespace strffit {

// Calls work(0) .. work(n - 1), each once, on up to `threads` threads (the caller's is one of
// them). Piece i is taken by whichever thread is free: work must not depend on the order. The first
// exception is thrown again here after all threads have ended.
void parallel_for(std::int64_t n, int threads, const std::function<void(std::int64_t)>& work);

}  // namespace strffit
