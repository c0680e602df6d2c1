// How much processor time the system lets this process have.
#pragma once

#include <string>

namespace strffit {

// Processors' worth of time that control groups allow (containers, schedulers): the least quota
// among this process's group and those around it, both of version 1 (cpu.cfs_quota_us) and 2
// (cpu.max). Infinity where nothing is limited or nothing can be read. `root`: where /proc and
// /sys are.
double cpu_limit(const std::string& root = "");

}  // namespace strffit
