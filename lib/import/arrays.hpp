// Arrays of numbers in files of several kinds: MATLAB (.mat), HDF5 (.h5), NumPy (.npy).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "util/array.hpp"

namespace strffit::import {

// An array with its axes as its file shows them.
struct FoundArray {
  Shape shape;
  std::vector<double> values;
  bool first_fastest = false;  // MATLAB's order
};

class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  // Null where the path leads nowhere; `strict`: DataError with what is there.
  virtual std::optional<FoundArray> numbers(const std::string& path, bool strict) const = 0;
  virtual std::optional<std::string> text(const std::string& path, bool strict) const = 0;
  // Several texts: of a cell array, a dataset of strings.
  virtual std::vector<std::string> texts(const std::string& path) const = 0;
  // Names that {sound} can stand for in a path of HDF5; empty where sounds are numbered.
  virtual std::vector<std::string> sounds_in(const std::string& path) const = 0;
};

// By its ending. DataError for another.
std::shared_ptr<const ArrayFile> open_arrays(const std::string& file);

// The numbers in C order, with the axes `wanted`; `axes` names those of the array, one each. Axes
// of one element may go without a name; a wanted one that is not there has one element. DataError
// where that cannot be.
Array<float> arranged(const FoundArray& array, std::vector<std::string> axes,
                      const std::vector<std::string>& wanted, const std::string& file,
                      const std::string& place);

}  // namespace strffit::import
