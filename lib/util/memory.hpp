// How this process treats memory.
#pragma once

#include <cstdint>

namespace strffit {

// Freed memory stays with the process: training allocates the same large tensors in every step, and
// fetching their pages from the system anew costs more than filling them. Nothing happens where the
// C library cannot.
void keep_freed_memory();

// Largest memory this process has had, bytes.
std::int64_t peak_memory_bytes();

// Processors that this process may use: its affinity mask, which schedulers set.
int available_processors();

}  // namespace strffit
