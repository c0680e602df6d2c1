// Runs independent tasks in threads.
#pragma once

#include <cstdint>
#include <functional>

namespace strffit {

// Calls work(0) .. work(n - 1), each once, on up to `threads` threads, including the caller's. A
// free thread takes the next index, so work must not depend on the order. After all threads have
// ended, rethrows the first exception.
void parallel_for(std::int64_t n, int threads, const std::function<void(std::int64_t)>& work);

}  // namespace strffit
