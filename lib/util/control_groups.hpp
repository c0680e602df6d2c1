// What control groups (containers, schedulers) let this process use, of version 1 and 2. Each is
// the least limit of this process's group and those around it; infinity where nothing is limited or
// nothing can be read. `root`: where /proc and /sys are.
#pragma once

#include <string>

namespace strffit {

// Processors' worth of time: cpu.max, or cpu.cfs_quota_us and cpu.cfs_period_us.
double cpu_limit(const std::string& root = "");

// Bytes of memory: memory.max, or memory.limit_in_bytes.
double memory_group_limit(const std::string& root = "");

}  // namespace strffit
