// Values of MATLAB files, of version 5 (through matio) and 7.3 (HDF5) alike, and paths to them.
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

  // Of numbers (and logical values), in MATLAB's order.
  virtual std::vector<double> numbers() const;
  virtual std::string text() const;
  // Of cells: element i of count(shape()).
  virtual MatlabPointer cell(std::int64_t i) const;
  // Of structs: the names of the fields, and one of element i.
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

// DataError where the file is neither version, damaged, or needs a library that this program was
// built without.
std::shared_ptr<const MatlabFile> open_matlab(const std::string& file);

// The value at "data.set.repeats(3).t{2}": fields by name, elements of cell arrays, struct arrays
// and matrices by numbers from 1 in parentheses or braces, a whole axis by a colon. DataError, with
// what is there, where the path leads nowhere.
MatlabPointer at_path(const MatlabFile& file, const std::string& path, const std::string& name);
// The same; null where an index is beyond the end or a field is not there.
MatlabPointer find_path(const MatlabFile& file, const std::string& path, const std::string& name);

// Internal: the two versions.
std::shared_ptr<const MatlabFile> open_matlab_5(const std::string& file);
std::shared_ptr<const MatlabFile> open_matlab_73(const std::string& file);

// "1.5.23", or "none" and what that means.
std::string matlab_library_version();

// Numbers that lie in memory.
MatlabPointer matlab_numbers(Shape shape, std::vector<double> values);

}  // namespace strffit::import
