#include "files/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>

#include "util/errors.hpp"

namespace strffit::files {

namespace {

// Size of this process's address space in pages.
rlim_t pages_in_use() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  return pages;
}

// Limit that leaves `bytes` more address space than is in use.
rlim_t beyond_use(std::int64_t bytes) {
  return pages_in_use() * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + static_cast<rlim_t>(bytes);
}

void limit(int resource, rlim_t most) {
  struct rlimit now {};
  getrlimit(static_cast<__rlimit_resource>(resource), &now);
  now.rlim_cur = now.rlim_max = std::min(most, now.rlim_max);
  setrlimit(static_cast<__rlimit_resource>(resource), &now);
}

// Never returns, because the child must not run the parent's exit handlers or flush its buffers.
[[noreturn]] void run_child(const ChildLimits& limits, char* place,
                            const std::function<void(ChildPlace&)>& body) {
  for (const int signal_number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU}) {
    signal(signal_number, SIG_DFL);
  }
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) {  // hides the C library's reports of a damaged heap
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, static_cast<rlim_t>(limits.seconds));
  limit(RLIMIT_AS, beyond_use(limits.memory_bytes));
  try {
    ChildPlace entered(place);
    body(entered);
  } catch (const std::bad_alloc&) {
    _exit(1);
  } catch (...) {  // an error that the library survives
  }
  _exit(0);
}

}  // namespace

MemoryLimit::MemoryLimit(std::int64_t bytes) {
  struct rlimit now {};
  getrlimit(RLIMIT_AS, &now);
  before_ = now.rlim_cur;
  now.rlim_cur = std::min(beyond_use(bytes), now.rlim_cur);
  setrlimit(RLIMIT_AS, &now);
}

MemoryLimit::~MemoryLimit() {
  struct rlimit now {};
  getrlimit(RLIMIT_AS, &now);
  now.rlim_cur = before_;
  setrlimit(RLIMIT_AS, &now);
}

void ChildPlace::enter(const std::string& path) { std::strncpy(text_, path.c_str(), kBytes - 1); }

double try_in_child(const std::string& file, const std::string& library, const ChildLimits& limits,
                    const std::function<void(ChildPlace&)>& body) {
  void* shared =
      mmap(nullptr, ChildPlace::kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw RunError("no memory to check " + file);
  char* place = static_cast<char*>(shared);
  const pid_t child = fork();
  if (child == 0) run_child(limits, place, body);
  int status = 0;
  struct rusage used {};
  while (child > 0 && wait4(child, &status, 0, &used) < 0 && errno == EINTR) {
  }
  const std::string path = place;
  munmap(shared, ChildPlace::kBytes);
  if (child < 0) throw RunError("cannot start a process to check " + file);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw DataError(file, path,
                    "expected a whole " + library + " file; found one so damaged that the " +
                        library + " library fails on it: get a fresh copy");
  }
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace strffit::files
