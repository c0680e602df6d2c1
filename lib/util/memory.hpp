// Memory and processors of this process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace strffit {

// Keeps freed memory in the process: training allocates the same large tensors in every
// step, and new pages from the system cost more than filling them. Does nothing without
// glibc.
void keep_freed_memory();

// Asks for large pages (2 MiB) for memory that is about to be written, including the pages at its
// ends, if it is at least half a page long. Passes over it then need about 1/200 of the address
// translations. Does nothing if the system has no large pages.
void prefer_large_pages(void* begin, std::size_t bytes);

// Current memory of this process in bytes; its peak if the system does not report it.
std::int64_t present_memory_bytes();

// Peak memory of this process in bytes.
std::int64_t peak_memory_bytes();

// Memory limit of this process in bytes: the machine's memory, or less if its control group (a
// container, a cluster job) or RLIMIT_AS limits it.
double memory_limit_bytes();

// Number of processors for this process, from its affinity mask (set by schedulers) and the quota
// of its control groups (set by containers; util/control_groups.hpp).
int available_processors();

}  // namespace strffit
