// Arrays of numbers in files of several formats: MATLAB (.mat), HDF5 (.h5), NumPy (.npy).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "util/array.hpp"

namespace strffit::import {

// An array with the axes of its file.
struct FoundArray {
  Shape shape;
  std::vector<double> values;
  bool first_fastest = false;  // MATLAB's order
};

class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  // The value at a path. If there is none: nothing, or DataError if `strict`.
  virtual std::optional<FoundArray> numbers(const std::string& path, bool strict) const = 0;
  virtual std::optional<std::string> text(const std::string& path, bool strict) const = 0;
  // Several texts: a cell array or a dataset of strings.
  virtual std::vector<std::string> texts(const std::string& path) const = 0;
  // Values of {sound} in a path of HDF5; empty if sounds are numbered.
  virtual std::vector<std::string> sounds_in(const std::string& path) const = 0;
};

// Chooses the format by the extension. DataError if it is unknown.
std::shared_ptr<const ArrayFile> open_arrays(const std::string& file);

// Values in C order with the axes `wanted`. `axes`: names of the array's axes. Axes of one element
// may have no name; a wanted axis that is missing gets one element. DataError if this is
// impossible.
Array<float> arranged(const FoundArray& array, std::vector<std::string> axes,
                      const std::vector<std::string>& wanted, const std::string& file,
                      const std::string& place);

}  // namespace strffit::import
