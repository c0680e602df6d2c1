// Damages HDF5 files, using HDF5 only.
#pragma once

#include <H5Cpp.h>

#include <string>
#include <vector>

namespace strffit::test {

class H5Edit {
 public:
  explicit H5Edit(const std::string& file) : file_(file, H5F_ACC_RDWR) {}

  void remove(const std::string& path) { file_.unlink(path); }
  void move(const std::string& from, const std::string& to) { file_.move(from, to); }
  bool exists(const std::string& path) const { return file_.nameExists(path); }

  // Replaces an existing dataset; the group must exist.
  void put(const std::string& path, const std::vector<hsize_t>& shape,
           const std::vector<double>& values) {
    if (file_.nameExists(path)) file_.unlink(path);
    file_
        .createDataSet(path, H5::PredType::NATIVE_DOUBLE,
                       H5::DataSpace(static_cast<int>(shape.size()), shape.data()))
        .write(values.data(), H5::PredType::NATIVE_DOUBLE);
  }
  void put_integers(const std::string& path, const std::vector<long long>& values) {
    if (file_.nameExists(path)) file_.unlink(path);
    const hsize_t size = values.size();
    file_.createDataSet(path, H5::PredType::NATIVE_LLONG, H5::DataSpace(1, &size))
        .write(values.data(), H5::PredType::NATIVE_LLONG);
  }
  void text_attribute(const std::string& name, const std::string& text) {
    drop(name);
    H5::StrType type(H5::PredType::C_S1, H5T_VARIABLE);
    type.setCset(H5T_CSET_UTF8);
    file_.openGroup("/").createAttribute(name, type, H5::DataSpace(H5S_SCALAR)).write(type, text);
  }
  void number_attribute(const std::string& name, double value) {
    drop(name);
    file_.openGroup("/")
        .createAttribute(name, H5::PredType::NATIVE_DOUBLE, H5::DataSpace(H5S_SCALAR))
        .write(H5::PredType::NATIVE_DOUBLE, &value);
  }
  void drop(const std::string& attribute) {
    H5::Group root = file_.openGroup("/");
    if (root.attrExists(attribute)) root.removeAttr(attribute);
  }

 private:
  H5::H5File file_;
};

}  // namespace strffit::test
