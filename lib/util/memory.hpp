// How this process treats memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace strffit {

// Freed memory stays with the process: training allocates the same large tensors in every step, and
// fetching their pages from the system anew costs more than filling them. Nothing happens where the
// C library cannot.
void keep_freed_memory();

// Asks for large pages (2 MiB) under memory that is about to be written, and around its ends, where
// it is as large as half of one: passes over it then look up a two-hundredth of the addresses.
// Nothing happens where the system has none.
void prefer_large_pages(void* begin, std::size_t bytes);

// Memory that this process has now, bytes; the largest it has had where the system does not say.
std::int64_t present_memory_bytes();

// Largest memory this process has had, bytes.
std::int64_t peak_memory_bytes();

// Memory that this process may have, bytes: what the machine has, or less where its control group
// (a container, a cluster's job) or RLIMIT_AS sets a limit.
double memory_limit_bytes();

// Processors that this process may use: its affinity mask, which schedulers set, and the quota of
// its control groups, which containers set (util/control_groups.hpp).
int available_processors();

}  // namespace strffit
