// Compares HDF5 files bit for bit, using HDF5 only.
#pragma once

#include <H5Cpp.h>

#include <set>
#include <string>
#include <vector>

namespace strffit::test {

// Paths of all datasets of a file.
inline std::vector<std::string> datasets_of(const H5::H5File& file) {
  std::vector<std::string> paths;
  const auto visit = [](hid_t, const char* name, const H5O_info_t* info, void* to) -> herr_t {
    if (info->type == H5O_TYPE_DATASET) static_cast<std::vector<std::string>*>(to)->push_back(name);
    return 0;
  };
  H5Ovisit(file.getId(), H5_INDEX_NAME, H5_ITER_NATIVE, visit, &paths);
  return paths;
}

// Bytes of a dataset; texts are separated by NUL.
inline std::string bytes_of(const H5::H5File& file, const std::string& path) {
  const H5::DataSet dataset = file.openDataSet(path);
  const auto points = static_cast<std::size_t>(dataset.getSpace().getSimpleExtentNpoints());
  const H5::DataType type = dataset.getDataType();
  if (type.getClass() != H5T_STRING) {
    std::string bytes(points * type.getSize(), '\0');
    dataset.read(bytes.data(), type);
    return bytes;
  }
  std::vector<char*> texts(points);
  const H5::StrType text(H5::PredType::C_S1, H5T_VARIABLE);
  H5::StrType utf8 = text;
  utf8.setCset(H5T_CSET_UTF8);
  dataset.read(texts.data(), utf8);
  std::string all;
  for (char* one : texts) all += std::string(one) + '\0';
  H5::DataSet::vlenReclaim(texts.data(), utf8, dataset.getSpace());
  return all;
}

// Paths at which two files differ, except `ignored`.
inline std::vector<std::string> differing(const std::string& a, const std::string& b,
                                          const std::set<std::string>& ignored = {}) {
  const H5::H5File one(a, H5F_ACC_RDONLY), other(b, H5F_ACC_RDONLY);
  std::set<std::string> paths;
  for (const auto& path : datasets_of(one)) paths.insert(path);
  for (const auto& path : datasets_of(other)) paths.insert(path);
  std::vector<std::string> found;
  for (const auto& path : paths) {
    if (ignored.contains(path)) continue;
    if (!one.nameExists(path) || !other.nameExists(path) ||
        bytes_of(one, path) != bytes_of(other, path)) {
      found.push_back(path);
    }
  }
  return found;
}

using Paths = std::vector<std::string>;

// Paths at which two runs differ in these files, except the duration of epochs.
inline Paths differences_of(const std::string& a, const std::string& b,
                            const Paths& files = {"results.h5", "checkpoint.h5"}) {
  Paths found;
  for (const auto& name : files) {
    const Paths more = differing(a + "/" + name, b + "/" + name, {"history/seconds"});
    found.insert(found.end(), more.begin(), more.end());
  }
  return found;
}

}  // namespace strffit::test
