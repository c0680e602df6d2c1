// Allows one writer per folder, also between machines that share a file system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace strffit::files {

// Holds `<folder>/.strffit.lock`, which names host, process, start time and Slurm job, if any.
// RunError while the holder lives. A lock of a dead process on this host is taken over. A process
// on another host cannot be checked: the error then names the file to delete once that process has
// ended. std::quick_exit releases the lock too.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);  // the folder must exist
  ~FolderLock();                                   // releases the lock
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;

 private:
  void release() noexcept;

  std::string path_;
  int descriptor_ = -1;
};

// The process that holds a folder's lock.
struct LockHolder {
  enum class Life { lives, dead, elsewhere };  // elsewhere: on another host, unknown
  Life life = Life::lives;
  std::string host, started;  // started: ISO 8601, UTC
  std::int64_t process = 0;
  std::string job;  // of Slurm, or ""
};

// Nothing if there is no lock file.
std::optional<LockHolder> lock_holder(const std::string& folder);

}  // namespace strffit::files
