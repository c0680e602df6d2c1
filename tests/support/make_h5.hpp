// Makes and changes small HDF5 files with HDF5 only, for tests with damaged files.
#pragma once

#include <H5Cpp.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace strffit::test {

using File = H5::H5File;
using H5::PredType;

inline H5::DataSpace space_of(const std::vector<hsize_t>& sizes) {
  return sizes.empty() ? H5::DataSpace(H5S_SCALAR)
                       : H5::DataSpace(static_cast<int>(sizes.size()), sizes.data());
}

inline hsize_t count(const std::vector<hsize_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), hsize_t{1}, std::multiplies<>());
}

// A dataset of doubles: 0, 1, 2, ..., or all `fill`.
inline H5::DataSet put(File& file, const std::string& path, const std::vector<hsize_t>& sizes,
                       const H5::DataType& type = PredType::NATIVE_DOUBLE,
                       double fill = std::nan("")) {
  std::vector<double> values(count(sizes));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::isnan(fill) ? static_cast<double>(i) : fill;
  }
  H5::DataSet dataset = file.createDataSet(path, type, space_of(sizes));
  if (!values.empty()) dataset.write(values.data(), PredType::NATIVE_DOUBLE);
  return dataset;
}

inline void replace(File& file, const std::string& path, const std::vector<hsize_t>& sizes,
                    const H5::DataType& type = PredType::NATIVE_DOUBLE,
                    double fill = std::nan("")) {
  file.unlink(path);
  put(file, path, sizes, type, fill);
}

// Changes one value of a dataset of doubles.
inline void poke(File& file, const std::string& path, std::size_t place, double value) {
  const H5::DataSet dataset = file.openDataSet(path);
  std::vector<double> values(static_cast<std::size_t>(dataset.getSpace().getSimpleExtentNpoints()));
  dataset.read(values.data(), PredType::NATIVE_DOUBLE);
  values.at(place) = value;
  dataset.write(values.data(), PredType::NATIVE_DOUBLE);
}

inline H5::StrType text_type() { return {PredType::C_S1, H5T_VARIABLE}; }

inline void put_texts(File& file, const std::string& path, const std::vector<std::string>& texts,
                      const std::vector<hsize_t>& sizes) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  const H5::DataSet dataset = file.createDataSet(path, text_type(), space_of(sizes));
  if (!texts.empty()) dataset.write(pointers.data(), text_type());
}

inline void replace_texts(File& file, const std::string& path,
                          const std::vector<std::string>& texts) {
  file.unlink(path);
  put_texts(file, path, texts, {texts.size()});
}

inline void set_text(const H5::H5Object& object, const std::string& name,
                     const std::string& value) {
  if (object.attrExists(name)) object.removeAttr(name);
  object.createAttribute(name, text_type(), space_of({})).write(text_type(), value);
}

inline void set_number(const H5::H5Object& object, const std::string& name, double value,
                       const H5::DataType& type = PredType::NATIVE_DOUBLE,
                       const std::vector<hsize_t>& sizes = {}) {
  if (object.attrExists(name)) object.removeAttr(name);
  const std::vector<double> values(count(sizes), value);
  object.createAttribute(name, type, space_of(sizes)).write(PredType::NATIVE_DOUBLE, values.data());
}

// A dataset that claims `sizes` although nothing is written.
inline void claim(File& file, const std::string& path, const std::vector<hsize_t>& sizes,
                  const H5::DSetCreatPropList& layout = {}) {
  file.unlink(path);
  file.createDataSet(path, PredType::NATIVE_FLOAT, space_of(sizes), layout);
}

inline H5::DSetCreatPropList chunked(const std::vector<hsize_t>& chunk) {
  H5::DSetCreatPropList layout;
  layout.setChunk(static_cast<int>(chunk.size()), chunk.data());
  return layout;
}

}  // namespace strffit::test
