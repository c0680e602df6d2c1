// Libraries that crash, loop or ask for gigabytes on damaged files are first tried in a process of
// their own: if it does not come back, the file is refused and nothing else is harmed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace strffit::files {

struct ChildLimits {
  std::int64_t memory_bytes = 0;  // on top of what this process has
  std::int64_t seconds = 1;       // of the processor
};

// While it lives, this process gets no more than `bytes` on top of the memory that it has: what was
// tried within limits stays within them afterwards. For one thread at a time.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::int64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  std::uint64_t before_;
};

// Where the child is: a text that outlives it.
class ChildPlace {
 public:
  static constexpr std::size_t kBytes = 4096;
  explicit ChildPlace(char* text) : text_(text) {}
  void enter(const std::string& path);

 private:
  char* text_;
};

// Runs `body` in a child process within the limits. The processor's seconds that it took, where it
// ends by itself (by an exception too, but for a lack of memory); else DataError naming `file`, the
// place that it last entered, and `library`. RunError where no process can be started.
double try_in_child(const std::string& file, const std::string& library, const ChildLimits& limits,
                    const std::function<void(ChildPlace&)>& body);

}  // namespace strffit::files
