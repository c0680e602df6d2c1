#include "files/probe.hpp"

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
#include <set>
#include <vector>

#include "files/h5_file.hpp"
#include "files/h5_text.hpp"
#include "util/errors.hpp"

namespace strffit::files {

namespace {

constexpr std::size_t kPlaceBytes = 4096;
// On top of what the process has: texts and chunk indices, of which a small file has few.
constexpr std::int64_t kMemoryBytes = std::int64_t{256} << 20,
                       kMostMemoryBytes = std::int64_t{1} << 30;
constexpr std::int64_t kMemoryPerByte = 4;
// Of the processor, not of waiting for a disk: ten times what going through a sound file takes.
constexpr rlim_t kSeconds = 1;
constexpr std::int64_t kBytesPerSecond = std::int64_t{16} << 20;
constexpr int kDeepestGroup = 64;

// Ends the child where HDF5 lacked memory: without the child's limit the same place would take
// gigabytes, or the time to fill them.
herr_t end_without_memory(hid_t stack, void*) {
  const auto look = [](unsigned, const H5E_error2_t* error, void*) -> herr_t {
    if (error->min_num == H5E_NOSPACE || error->min_num == H5E_CANTALLOC) _exit(1);
    return 0;
  };
  return H5Ewalk2(stack, H5E_WALK_UPWARD, look, nullptr);
}

class Walk {
 public:
  // `place`, of kPlaceBytes, always holds the path that is being read.
  Walk(const std::string& name, char* place) : place_(place), file_(name) {}

  void group(const std::string& path, int depth) {
    enter(path);
    const H5::Group group = file_.group(path);
    attributes(path, group.getId());
    if (depth == kDeepestGroup) return;
    for (const std::string& name : children(path)) {
      const std::string child = (path == "/" ? "" : path) + "/" + name;
      enter(child);
      try {
        object(group, name, child, depth);
      } catch (const DataError&) {  // one that HDF5 survives: who reads this place will be told
      } catch (const H5::Exception&) {
      }
    }
  }

 private:
  // What cannot be listed would not be gone through, and may be read by name all the same.
  std::vector<std::string> children(const std::string& path) const {
    try {
      return file_.children(path);
    } catch (const DataError&) {
      _exit(1);
    }
  }

  void enter(const std::string& path) { std::strncpy(place_, path.c_str(), kPlaceBytes - 1); }

  void object(const H5::Group& parent, const std::string& name, const std::string& path,
              int depth) {
    H5L_info_t link;
    if (H5Lget_info(parent.getId(), name.c_str(), &link, H5P_DEFAULT) < 0) return;
    if (link.type != H5L_TYPE_HARD || !seen_.insert(link.u.address).second) return;
    const H5I_type_t kind = file_.kind(path);
    if (kind == H5I_GROUP) {
      group(path, depth + 1);
    } else if (kind == H5I_DATASET) {
      const H5::DataSet data = file_.dataset(path);
      attributes(path, data.getId());
      dataset(path, data);
    }
  }

  void dataset(const std::string& path, const H5::DataSet& dataset) const {
    const Shape shape = checked_shape(file_, path, file_.checked_space(path, dataset));
    const Values values = values_of(dataset.getDataType());
    if (values == Values::other) return;
    check_size(file_, path, dataset, shape);
    if (values == Values::text) read_texts(file_, path, dataset, shape);
  }

  void attributes(const std::string& path, hid_t object) const {
    std::vector<std::string> names;
    const auto take = [](hid_t, const char* name, const H5A_info_t*, void* list) -> herr_t {
      static_cast<std::vector<std::string>*>(list)->emplace_back(name);
      return 0;
    };
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, take, &names) < 0) _exit(1);
    for (const std::string& name : names) {
      try {
        const H5::Attribute attribute = file_.attribute(path, name);
        const Shape shape = checked_shape(file_, path, attribute.getSpace());
        if (values_of(attribute.getDataType()) == Values::text) {
          read_texts(file_, path, name, attribute, count(shape));
        }
      } catch (const DataError&) {
      } catch (const H5::Exception&) {
      }
    }
  }

  char* place_;
  H5InputFile file_;
  std::set<haddr_t> seen_;
};

// Pages of address space that this process has.
rlim_t pages_in_use() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  return pages;
}

void limit(int resource, rlim_t most) {
  struct rlimit now {};
  getrlimit(static_cast<__rlimit_resource>(resource), &now);
  now.rlim_cur = now.rlim_max = std::min(most, now.rlim_max);
  setrlimit(static_cast<__rlimit_resource>(resource), &now);
}

// Never returns: the child of a program with handlers and buffers of its own must not run these.
[[noreturn]] void run_child(const std::string& name, std::int64_t file_bytes, char* place) {
  for (const int signal_number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU}) {
    signal(signal_number, SIG_DFL);
  }
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) {  // what the C library says of a damaged heap is no message of ours
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, kSeconds + static_cast<rlim_t>(file_bytes / kBytesPerSecond));
  const auto justified = kMemoryBytes + kMemoryPerByte * std::min(file_bytes, kMostMemoryBytes);
  limit(RLIMIT_AS, pages_in_use() * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) +
                       static_cast<rlim_t>(std::min(justified, kMostMemoryBytes)));
  // Before the file is opened, which may ask for memory already.
  H5Eset_auto2(H5E_DEFAULT, end_without_memory, nullptr);
  try {
    Walk(name, place).group("/", 0);
  } catch (const std::bad_alloc&) {
    _exit(1);
  } catch (...) {  // an error that HDF5 survives
  }
  _exit(0);
}

}  // namespace

void probe(const std::string& name) {
  tame_hdf5();
  const std::int64_t bytes = H5InputFile::checked_bytes(name);
  void* shared =
      mmap(nullptr, kPlaceBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw RunError("no memory to check " + name);
  char* place = static_cast<char*>(shared);
  const pid_t child = fork();
  if (child == 0) run_child(name, bytes, place);
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string path = place;
  munmap(shared, kPlaceBytes);
  if (child < 0) throw RunError("cannot start a process to check " + name);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw DataError(
        name, path,
        "expected a whole HDF5 file; found one so damaged that the HDF5 library fails on "
        "it: get a fresh copy");
  }
}

}  // namespace strffit::files
