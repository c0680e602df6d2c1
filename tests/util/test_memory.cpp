#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "util/memory.hpp"

using namespace strffit;

namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

// Sanitizers bring their own malloc.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kOwnMalloc = true;
#else
constexpr bool kOwnMalloc = false;
#endif

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

}  // namespace

TEST_CASE("memory: the peak rises by what was written, and does not fall") {
  const auto before = peak_memory_bytes();
  {
    std::vector<char> large(200 * kMegabyte, 1);
    CHECK(large.back() == 1);
  }
  const auto after = peak_memory_bytes();
  CHECK(after >= static_cast<std::int64_t>(200 * kMegabyte));
  CHECK(after >= before);
  CHECK(peak_memory_bytes() >= after);
}

TEST_CASE("memory: the limit is what the machine has, or less by RLIMIT_AS") {
  const double all =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double free = memory_limit_bytes();
  CHECK(free > 0);
  CHECK(free <= all);
  if (kOwnMalloc) return;  // their shadow memory is beyond every limit
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  rlimit less = before;
  less.rlim_cur = static_cast<rlim_t>(free / 2);
  REQUIRE(setrlimit(RLIMIT_AS, &less) == 0);
  const double limited = memory_limit_bytes();
  setrlimit(RLIMIT_AS, &before);
  CHECK(limited == static_cast<double>(less.rlim_cur));
  CHECK(memory_limit_bytes() == free);
}

TEST_CASE("memory: large pages change no byte, of small pieces as of large ones") {
  for (const std::size_t bytes : {std::size_t{100}, 3 * kMegabyte + 17}) {
    std::vector<unsigned char> piece(bytes);
    for (std::size_t i = 0; i < bytes; ++i) piece[i] = static_cast<unsigned char>(i * 7);
    prefer_large_pages(piece.data() + 3, bytes - 3);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < bytes; ++i) wrong += piece[i] != static_cast<unsigned char>(i * 7);
    CHECK(wrong == 0);
  }
}

TEST_CASE("memory: what was freed is had again without new pages") {
  keep_freed_memory();
  const auto use = [] {
    const std::unique_ptr<char, decltype(&std::free)> piece(
        static_cast<char*>(std::malloc(64 * kMegabyte)), std::free);
    REQUIRE(piece);
    std::memset(piece.get(), 1, 64 * kMegabyte);
    CHECK(piece.get()[12345] == 1);
  };
  use();
  const long before = page_faults();
  use();
  const long pages = static_cast<long>(64 * kMegabyte) / sysconf(_SC_PAGESIZE);
  if (!kOwnMalloc) CHECK(page_faults() - before < pages / 10);
}
