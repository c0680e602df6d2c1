#include "util/memory.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#include "util/control_groups.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace strffit {

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kNever = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kNever);
  mallopt(M_TRIM_THRESHOLD, kNever);
#endif
}

void prefer_large_pages(void* begin, std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t kPage = std::uintptr_t{2} << 20;
  if (bytes < kPage / 2) return;
  const auto first = reinterpret_cast<std::uintptr_t>(begin) / kPage * kPage;
  const auto end = (reinterpret_cast<std::uintptr_t>(begin) + bytes + kPage - 1) / kPage * kPage;
  // Pages that do not belong to this memory cause no harm: the call is only advice.
  madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
}

std::int64_t present_memory_bytes() {
  std::int64_t all = 0, present = 0;  // pages
  if (std::ifstream("/proc/self/statm") >> all >> present) return present * sysconf(_SC_PAGESIZE);
  return peak_memory_bytes();
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

double memory_limit_bytes() {
  double limit =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  rlimit address_space{};
  if (getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY)
    limit = std::min(limit, static_cast<double>(address_space.rlim_cur));
  return std::min(limit, memory_group_limit());
}

int available_processors() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  const int there = sched_getaffinity(0, sizeof mask, &mask) == 0
                        ? CPU_COUNT(&mask)
                        : static_cast<int>(std::thread::hardware_concurrency());
  // A quota of two and a half keeps three threads busy most of the time.
  return std::max(1,
                  static_cast<int>(std::min(std::ceil(cpu_limit()), static_cast<double>(there))));
}

}  // namespace strffit
