#include "files/h5_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "files/temporary_file.hpp"

namespace strffit::files {

namespace {

// Refuses to follow a link to another file.
herr_t refuse_other_file(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                         void*) {
  return -1;
}

H5::H5File open_for_reading(const std::string& name) {
#if H5_VERSION_GE(1, 10, 7)
  try {
    H5::FileAccPropList no_locks;
    H5Pset_file_locking(no_locks.getId(), false, true);
    return H5::H5File(name, H5F_ACC_RDONLY, H5::FileCreatPropList::DEFAULT, no_locks);
  } catch (const H5::FileIException&) {  // already open in this process, with locks
  }
#endif
  return H5::H5File(name, H5F_ACC_RDONLY);
}

std::string link_target(hid_t file, const std::string& path, const H5L_info_t& info) {
  std::vector<char> value(info.u.val_size + 1, '\0');
  if (H5Lget_val(file, path.c_str(), value.data(), info.u.val_size, H5P_DEFAULT) < 0) return "?";
  if (info.type == H5L_TYPE_SOFT) return value.data();
  const char* target = nullptr;
  if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &target, nullptr) < 0) return "?";
  return target;
}

}  // namespace

std::int64_t H5InputFile::checked_bytes(const std::string& name) {
  std::error_code error;
  const auto status = std::filesystem::status(name, error);
  if (!std::filesystem::exists(status)) throw DataError(name, "", "no such file");
  if (!std::filesystem::is_regular_file(status)) {
    throw DataError(name, "", "expected an HDF5 file; found a folder or device");
  }
  if (access(name.c_str(), R_OK) != 0) {
    throw DataError(name, "", "cannot be opened: " + errno_text(errno));
  }
  const auto bytes = std::filesystem::file_size(name, error);
  if (error) throw DataError(name, "", "cannot be opened: " + error.message());
  return static_cast<std::int64_t>(bytes);
}

H5InputFile::H5InputFile(const std::string& name) : name_(name), bytes_(checked_bytes(name)) {
  if (H5Fis_hdf5(name.c_str()) <= 0) fail("", "expected an HDF5 file; found something else");
  try {
    file_ = open_for_reading(name);
    // Size of the open file; a run may have put a newer file under the same name.
    bytes_ = static_cast<std::int64_t>(file_.getFileSize());
    no_other_file_ = H5::LinkAccPropList();
  } catch (const H5::Exception&) {
    fail("", "expected a whole HDF5 file; found a damaged or truncated one");
  }
  H5Pset_elink_cb(no_other_file_.getId(), refuse_other_file, nullptr);
}

std::int64_t H5InputFile::address_bytes() const {
  std::size_t offset = 8, length = 8;
  H5Pget_sizes(file_.getCreatePlist().getId(), &offset, &length);
  return static_cast<std::int64_t>(offset);
}

void H5InputFile::fail(const std::string& path, const std::string& what) const {
  throw DataError(name_, path, what);
}

void H5InputFile::explain_missing(const std::string& path) const {
  for (std::size_t end = 1; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (part.empty() || part == "/") continue;
    if (H5Lexists(file_.getId(), part.c_str(), no_other_file_.getId()) <= 0) {
      fail(path, part == path ? "expected a dataset or group; found nothing"
                              : "expected a dataset or group; found no " + part);
    }
    H5L_info_t info;
    if (H5Lget_info(file_.getId(), part.c_str(), &info, no_other_file_.getId()) < 0) break;
    if (info.type == H5L_TYPE_EXTERNAL) {
      fail(path, "expected data in this file; found a link to the file " +
                     link_target(file_.getId(), part, info) + ": copy the data into this one");
    }
    if (info.type == H5L_TYPE_SOFT &&
        H5Oexists_by_name(file_.getId(), part.c_str(), no_other_file_.getId()) <= 0) {
      fail(path, "expected data in this file; found a link to " +
                     link_target(file_.getId(), part, info) + ", which leads to nothing in it");
    }
    if (info.type != H5L_TYPE_HARD && info.type != H5L_TYPE_SOFT) {
      fail(path, "expected data in this file; found a link of an unknown kind");
    }
  }
  fail(path, "expected a dataset or group; found something that HDF5 cannot open");
}

hid_t H5InputFile::open_object(const std::string& path) const {
  const hid_t id = H5Oopen(file_.getId(), path.c_str(), no_other_file_.getId());
  if (id < 0) explain_missing(path);
  return id;
}

H5I_type_t H5InputFile::kind(const std::string& path) const {
  // Checks each component: HDF5 reports an error if a parent is missing.
  for (std::size_t end = 0; path != "/" && end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (H5Lexists(file_.getId(), part.c_str(), no_other_file_.getId()) <= 0) return H5I_BADID;
  }
  const hid_t id = open_object(path);
  const H5I_type_t type = H5Iget_type(id);
  H5Oclose(id);
  return type;
}

H5::Group H5InputFile::group(const std::string& path) const {
  const hid_t id = open_object(path);
  if (H5Iget_type(id) != H5I_GROUP) {
    H5Oclose(id);
    fail(path, "expected a group; found a dataset or type");
  }
  return adopt<H5::Group>(id);
}

H5::DataSet H5InputFile::dataset(const std::string& path) const {
  const hid_t id = open_object(path);
  if (H5Iget_type(id) != H5I_DATASET) {
    H5Oclose(id);
    fail(path, "expected a dataset; found a group or type");
  }
  return adopt<H5::DataSet>(id);
}

H5::DataSpace H5InputFile::checked_space(const std::string& path,
                                         const H5::DataSet& dataset) const {
  const H5D_layout_t layout = dataset.getCreatePlist().getLayout();
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
    fail(path, "expected data in this file; found a virtual dataset: copy the data into it");
  }
  return dataset.getSpace();
}

bool H5InputFile::has_attribute(const std::string& path, const std::string& name) const {
  const hid_t id = open_object(path);
  const htri_t found = H5Aexists(id, name.c_str());
  H5Oclose(id);
  if (found < 0) fail(path, "expected readable attributes; found the file damaged here");
  return found > 0;
}

H5::Attribute H5InputFile::attribute(const std::string& path, const std::string& name) const {
  if (!has_attribute(path, name)) {
    fail(path, "expected an attribute " + name + "; found none");
  }
  const hid_t object = open_object(path);
  const hid_t id = H5Aopen(object, name.c_str(), H5P_DEFAULT);
  H5Oclose(object);
  if (id < 0) fail(path, "expected a readable attribute " + name + "; found the file damaged here");
  return adopt<H5::Attribute>(id);
}

std::vector<std::string> H5InputFile::children(const std::string& path) const {
  const H5::Group parent = group(path);
  std::vector<std::string> names;
  const auto take = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  if (H5Literate(parent.getId(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, take, &names) < 0) {
    fail(path, "expected a readable group; found the file damaged here");
  }
  std::sort(names.begin(), names.end());
  if (!names.empty() && names.front().empty()) {
    fail(path, "expected a name for every link in the group; found a link without one");
  }
  return names;
}

std::map<haddr_t, std::string> object_places(const H5InputFile& file) {
  std::map<haddr_t, std::string> places;
  std::vector<std::string> groups = {"/"};
  using Links = std::vector<std::pair<std::string, haddr_t>>;
  const auto take = [](hid_t, const char* name, const H5L_info_t* link, void* list) -> herr_t {
    if (link->type == H5L_TYPE_HARD) {
      static_cast<Links*>(list)->emplace_back(name, link->u.address);
    }
    return 0;
  };
  while (!groups.empty()) {
    const std::string path = groups.back();
    groups.pop_back();
    const H5::Group group = file.group(path);
    Links links;
    if (H5Literate(group.getId(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, take, &links) < 0) {
      file.fail(path, "expected a readable group; found the file damaged here");
    }
    for (const auto& [name, address] : links) {
      const std::string child = (path == "/" ? "" : path) + "/" + name;
      if (!places.emplace(address, child).second) continue;
      if (file.kind(child) == H5I_GROUP) groups.push_back(child);
    }
  }
  return places;
}

}  // namespace strffit::files
