// Limits of control groups (containers, schedulers), versions 1 and 2. Each is the lowest limit of
// this process's group and its parents; infinity if there is none or nothing can be read. `root`:
// folder with /proc and /sys.
#pragma once

#include <string>

namespace strffit {

// Number of processors: cpu.max, or cpu.cfs_quota_us / cpu.cfs_period_us.
double cpu_limit(const std::string& root = "");

// Bytes of memory: memory.max, or memory.limit_in_bytes.
double memory_group_limit(const std::string& root = "");

}  // namespace strffit
