// Values of MATLAB files, version 5 (by matio) or 7.3 (HDF5), and paths to them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "util/array.hpp"

namespace strffit::import {

class MatlabValue;
using MatlabPointer = std::shared_ptr<const MatlabValue>;

// A value with MATLAB's shape: two axes or more, the first fastest.
class MatlabValue {
 public:
  enum class Kind { numbers, text, cells, structs, other };

  virtual ~MatlabValue() = default;
  virtual Kind kind() const = 0;
  virtual Shape shape() const = 0;

  // For numbers and logical values, in MATLAB's order.
  virtual std::vector<double> numbers() const;
  virtual std::string text() const;
  // For cells: element i of count(shape()).
  virtual MatlabPointer cell(std::int64_t i) const;
  // For structs: names of the fields, and a field of element i.
  virtual std::vector<std::string> fields() const;
  virtual MatlabPointer field(const std::string& name, std::int64_t i) const;
};

// "a 3 x 4 cell array", for messages.
std::string described(const MatlabValue& value);

class MatlabFile {
 public:
  virtual ~MatlabFile() = default;
  virtual std::vector<std::string> names() const = 0;
  virtual MatlabPointer variable(const std::string& name) const = 0;
};

// DataError if the file is of another version or damaged, or needs a library that this program was
// built without.
std::shared_ptr<const MatlabFile> open_matlab(const std::string& file);

// The value at a path such as "data.set.repeats(3).t{2}": fields by name; elements of cell arrays,
// struct arrays and matrices by numbers from 1, in parentheses or braces; a colon for a whole axis.
// DataError if the path does not exist, with what is there instead. `name`: the file, in messages.
MatlabPointer at_path(const MatlabFile& file, const std::string& path, const std::string& name);
// The same, but null if an index is beyond the end or a field does not exist.
MatlabPointer find_path(const MatlabFile& file, const std::string& path, const std::string& name);

// Internal: one function per version.
std::shared_ptr<const MatlabFile> open_matlab_5(const std::string& file);
std::shared_ptr<const MatlabFile> open_matlab_73(const std::string& file);

// "1.5.23", or "none" and its consequence.
std::string matlab_library_version();

// A numeric value in memory.
MatlabPointer matlab_numbers(Shape shape, std::vector<double> values);

}  // namespace strffit::import
