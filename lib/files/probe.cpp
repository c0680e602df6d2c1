#include "files/probe.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <vector>

#include "files/child.hpp"
#include "files/h5_file.hpp"
#include "files/h5_text.hpp"
#include "util/errors.hpp"

namespace strffit::files {

namespace {

// Beyond the memory of this process: for texts and chunk indices, of which a small file has few.
constexpr std::int64_t kMemoryBytes = std::int64_t{256} << 20,
                       kMostMemoryBytes = std::int64_t{1} << 30;
constexpr std::int64_t kMemoryPerByte = 4;
// Processor time, without waiting for a disk: ten times what an intact file takes.
constexpr std::int64_t kSeconds = 1;
constexpr std::int64_t kBytesPerSecond = std::int64_t{16} << 20;
constexpr int kDeepestGroup = 64;

// Ends the child if HDF5 runs out of memory: without the child's limit, the same object would take
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
  // `place` always holds the path being read.
  Walk(const std::string& name, ChildPlace& place) : place_(place), file_(name) {}

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
      } catch (const DataError&) {  // HDF5 survives it, and the reader will report it
      } catch (const H5::Exception&) {
      }
    }
  }

 private:
  // An object that cannot be listed is not checked here, yet might be read by name.
  std::vector<std::string> children(const std::string& path) const {
    try {
      return file_.children(path);
    } catch (const DataError&) {
      _exit(1);
    }
  }

  void enter(const std::string& path) { place_.enter(path); }

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

  ChildPlace& place_;
  H5InputFile file_;
  std::set<haddr_t> seen_;
};

}  // namespace

void probe(const std::string& name) {
  tame_hdf5();
  const std::int64_t bytes = H5InputFile::checked_bytes(name);
  const auto justified = kMemoryBytes + kMemoryPerByte * std::min(bytes, kMostMemoryBytes);
  const ChildLimits limits = {std::min(justified, kMostMemoryBytes),
                              kSeconds + bytes / kBytesPerSecond};
  try_in_child(name, "HDF5", limits, [&](ChildPlace& place) {
    // Set before opening the file, which may already allocate memory.
    H5Eset_auto2(H5E_DEFAULT, end_without_memory, nullptr);
    Walk(name, place).group("/", 0);
  });
}

}  // namespace strffit::files
