#include "files/folder_lock.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <sstream>
#include <utility>

#include "files/temporary_file.hpp"
#include "util/errors.hpp"
#include "util/machine.hpp"
#include "util/text.hpp"

namespace strffit::files {

namespace {

// Content of the lock file, one field per line, in this order: "host name", "process 123", ...
struct Holder {
  std::string host;
  pid_t process = 0;
  std::string started;      // time of locking, ISO 8601, UTC
  std::string process_age;  // start of the process in kernel ticks: detects a reused number
  std::string job;          // of Slurm, or ""
};

// Field 22 of /proc/<pid>/stat, counted from the last ')': the process name may contain spaces.
std::string start_of(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return "";
  std::istringstream fields(text.substr(end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

// Line of the job: "job 123", or "job 123_4" in an array; "" outside Slurm.
std::string slurm_job() {
  const std::string job = environment("SLURM_JOB_ID"), array = environment("SLURM_ARRAY_JOB_ID");
  if (job.empty()) return "";
  return "job " + (array.empty() ? job : array + "_" + environment("SLURM_ARRAY_TASK_ID")) + "\n";
}

Holder read_holder(const std::string& path) {
  Holder holder;
  std::ifstream file(path);
  // strffit 0.1 wrote the values only.
  const auto next = [&file] {
    std::string line;
    std::getline(file, line);
    return line.substr(line.rfind(' ') + 1);
  };
  holder.host = next();
  holder.process = static_cast<pid_t>(std::strtol(next().c_str(), nullptr, 10));
  holder.started = next();
  holder.process_age = next();
  holder.job = next();
  return holder;
}

bool lives(const Holder& holder) {
  if (holder.process <= 0 || (kill(holder.process, 0) != 0 && errno == ESRCH)) return false;
  return holder.process_age.empty() || start_of(holder.process) == holder.process_age;
}

[[noreturn]] void refuse(const std::string& folder, const std::string& path, const Holder& holder) {
  const std::string who =
      holder.process > 0
          ? fmt::format("process {} on {} since {}", holder.process, holder.host, holder.started)
          : "another process";
  const std::string cure = holder.host.empty() || holder.host == host_name()
                               ? "wait for it, or write to another folder"
                               : "if that process has ended, delete " + path + " and start again";
  throw RunError("the folder " + folder + " is in use by " + who + ": " + cure);
}

// True if `descriptor` is still the file at `path`; another process may have removed it between
// open and lock.
bool still_named(int descriptor, const std::string& path) {
  struct stat ours {
  }, named{};
  return fstat(descriptor, &ours) == 0 && stat(path.c_str(), &named) == 0 &&
         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

// Lock files of this process, removed when it ends without running destructors.
class Held {
 public:
  static Held& all() {
    static Held* const held = new Held;  // never destroyed
    return *held;
  }
  void add(const std::string& path) {
    const std::lock_guard guard(mutex_);
    paths_.insert(path);
  }
  void remove(const std::string& path) {
    const std::lock_guard guard(mutex_);
    paths_.erase(path);
    unlink(path.c_str());
  }

 private:
  Held() {
    std::at_quick_exit([] {
      for (const auto& path : all().paths_) unlink(path.c_str());
    });
  }

  std::mutex mutex_;
  std::set<std::string> paths_;
};

}  // namespace

FolderLock::FolderLock(const std::string& folder) : path_(folder + "/.strffit.lock") {
  while (descriptor_ < 0) {
    descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      throw RunError("cannot write to the folder " + folder + ": " + errno_text(errno));
    }
    // On a file system without locks, the content of the file decides.
    const bool taken = flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    const Holder holder = read_holder(path_);
    const bool elsewhere = !holder.host.empty() && holder.host != host_name();
    if (taken || elsewhere || lives(holder)) {
      close(descriptor_);
      descriptor_ = -1;
      refuse(folder, path_, holder);
    }
    if (!still_named(descriptor_, path_)) {
      close(descriptor_);
      descriptor_ = -1;
    }
  }
  const std::string text =
      fmt::format("host {}\nprocess {}\nstarted {}\nprocess_age {}\n{}", host_name(), getpid(),
                  now_utc(), start_of(getpid()), slurm_job());
  if (ftruncate(descriptor_, 0) != 0 ||
      write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(descriptor_) != 0) {
    const std::string cause = errno_text(errno);
    release();
    throw RunError("cannot write " + folder + "/.strffit.lock: " + cause);
  }
  Held::all().add(path_);
}

FolderLock::~FolderLock() { release(); }

FolderLock::FolderLock(FolderLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  if (this != &other) {
    release();
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void FolderLock::release() noexcept {
  if (descriptor_ < 0) return;
  Held::all().remove(path_);  // before unlocking, so that no new lock file is removed
  close(descriptor_);
  descriptor_ = -1;
}

std::optional<LockHolder> lock_holder(const std::string& folder) {
  const std::string path = folder + "/.strffit.lock";
  if (access(path.c_str(), F_OK) != 0) return std::nullopt;
  const Holder holder = read_holder(path);
  const bool elsewhere = !holder.host.empty() && holder.host != host_name();
  return LockHolder{elsewhere       ? LockHolder::Life::elsewhere
                    : lives(holder) ? LockHolder::Life::lives
                                    : LockHolder::Life::dead,
                    holder.host, holder.started, holder.process, holder.job};
}

}  // namespace strffit::files
