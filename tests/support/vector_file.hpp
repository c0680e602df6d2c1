// Reads tests/vectors/*.h5 with HDF5 only: some have no format attribute, and the tests must not
// depend on the program's own reader.
#pragma once

#include <H5Cpp.h>

#include <string>
#include <vector>

#include "support/vector_path.hpp"
#include "util/array.hpp"

namespace strffit::test {

class VectorFile {
 public:
  // `name` below tests/vectors, for instance "metrics.h5".
  explicit VectorFile(const std::string& name) : file_(vector_path(name), H5F_ACC_RDONLY) {}

  bool exists(const std::string& path) const {
    // Checks each level: HDF5 reports an error if a parent group is missing.
    for (auto end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
      if (end > 0 && !file_.nameExists(path.substr(0, end))) return false;
    }
    return file_.nameExists(path);
  }

  std::vector<std::string> children(const std::string& group) const {
    const H5::Group g = file_.openGroup(group);
    std::vector<std::string> names;
    for (hsize_t i = 0; i < g.getNumObjs(); ++i) names.push_back(g.getObjnameByIdx(i));
    return names;
  }

  Array<float> floats(const std::string& path) const {
    return read<float>(path, H5::PredType::NATIVE_FLOAT);
  }
  Array<double> doubles(const std::string& path) const {
    return read<double>(path, H5::PredType::NATIVE_DOUBLE);
  }

  bool has_attribute(const std::string& path, const std::string& name) const {
    return file_.openGroup(path).attrExists(name);
  }
  double number_attribute(const std::string& path, const std::string& name) const {
    double value = 0;
    file_.openGroup(path).openAttribute(name).read(H5::PredType::NATIVE_DOUBLE, &value);
    return value;
  }
  std::string text_attribute(const std::string& path, const std::string& name) const {
    const H5::Attribute attribute = file_.openGroup(path).openAttribute(name);
    std::string value;
    attribute.read(attribute.getStrType(), value);
    return value;
  }

  // Paths of all datasets below a group, relative to it: "strf/weight".
  std::vector<std::string> datasets(const std::string& group) const {
    std::vector<std::string> paths;
    for (const auto& name : children(group)) {
      const std::string path = group + "/" + name;
      if (file_.childObjType(path) == H5O_TYPE_DATASET) {
        paths.push_back(name);
      } else {
        for (const auto& below : datasets(path)) paths.push_back(name + "/" + below);
      }
    }
    return paths;
  }

 private:
  template <class T>
  Array<T> read(const std::string& path, const H5::PredType& type) const {
    const H5::DataSet dataset = file_.openDataSet(path);
    const H5::DataSpace space = dataset.getSpace();
    std::vector<hsize_t> sizes(static_cast<std::size_t>(space.getSimpleExtentNdims()));
    if (!sizes.empty()) space.getSimpleExtentDims(sizes.data());
    Array<T> values(Shape(sizes.begin(), sizes.end()));
    dataset.read(values.data(), type);
    return values;
  }

  H5::H5File file_;
};

}  // namespace strffit::test
