// Some libraries crash, loop or allocate gigabytes on damaged files. A child process tries the file
// first; if it fails, the file is refused and this process goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace strffit::files {

struct ChildLimits {
  std::int64_t memory_bytes = 0;  // beyond what this process has
  std::int64_t seconds = 1;       // of processor time
};

// Limits this process to `bytes` more memory than it has, for the lifetime of the object, so that a
// file that passed try_in_child() stays within the same limit. Use from one thread at a time.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::int64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  std::uint64_t before_;
};

// Position of the child in the file: a text that survives it.
class ChildPlace {
 public:
  static constexpr std::size_t kBytes = 4096;
  explicit ChildPlace(char* text) : text_(text) {}
  void enter(const std::string& path);

 private:
  char* text_;
};

// Runs `body` in a child process within the limits. Returns the processor time in seconds if the
// child ends by itself (also by an exception other than lack of memory). Otherwise DataError naming
// `file`, the position that was entered last, and `library`. RunError if no process can be started.
double try_in_child(const std::string& file, const std::string& library, const ChildLimits& limits,
                    const std::function<void(ChildPlace&)>& body);

}  // namespace strffit::files
