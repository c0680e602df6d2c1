// One writer a folder, also between machines that share a file system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace strffit::files {

// Holds `<folder>/.strffit.lock`, which names host, process, start and Slurm's job, if any. Refused
// with a RunError while the holder lives; what a dead process of this host left is taken over.
// Whether a process of another host lives cannot be known: the error then names the file to delete
// once it does not. std::quick_exit gives the folder free too.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);  // the folder must exist
  ~FolderLock();                                   // gives the folder free
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;

 private:
  void release() noexcept;

  std::string path_;
  int descriptor_ = -1;
};

// The process that holds a folder's lock.
struct LockHolder {
  enum class Life {
    lives,
    dead,
    elsewhere
  };  // elsewhere: on another host, where it cannot be seen
  Life life = Life::lives;
  std::string host, started;  // started: ISO 8601, UTC
  std::int64_t process = 0;
  std::string job;  // of Slurm, or ""
};

// Nothing where there is no lock file.
std::optional<LockHolder> lock_holder(const std::string& folder);

}  // namespace strffit::files
