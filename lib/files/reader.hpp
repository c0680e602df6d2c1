// Reads HDF5 without trusting it: types, shapes and sizes are checked against the file before any
// allocation, and no other file is opened.
//
// Every function throws DataError naming the file, the path inside it, what was expected and what
// was found. Not thread-safe (Debian's HDF5 is not): use one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "files/expected.hpp"
#include "util/array.hpp"

namespace strffit::files {

// Type of a dataset: integers, floats of 4 bytes or fewer, longer floats, or text.
enum class Stored { integer, single, real, text };

// A small dataset of numbers or text, for metadata of units of which only the first axis is known.
using Column = std::variant<Array<double>, Array<std::string>>;

class Reader {
 public:
  // Opens `file` read-only and without locks, so that another process can replace it meanwhile.
  // Its root attribute `format` must be one of `formats`, and `version` from 1 to
  // `highest_version`.
  Reader(const std::string& file, const std::vector<std::string>& formats,
         std::int64_t highest_version = 1);
  // Opens an HDF5 file of any format, from any program.
  explicit Reader(const std::string& file);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  const std::string& file() const;
  const std::string& format() const;
  std::int64_t version() const;

  // Paths are absolute: "/stimuli/a/responses".
  bool exists(const std::string& path) const;
  bool is_group(const std::string& path) const;
  bool is_dataset(const std::string& path) const;
  // Sorted names in a group; DataError if `group` is missing or a dataset.
  std::vector<std::string> children(const std::string& group) const;
  Shape shape(const std::string& dataset) const;
  Stored stored(const std::string& dataset) const;

  // Numbers of any width and byte order, and booleans. `integers` accepts floating point if every
  // number is whole: MATLAB and R store all numbers as doubles.
  Array<float> floats(const std::string& path, const Expected& expected = {}) const;
  Array<double> doubles(const std::string& path, const Expected& expected = {}) const;
  Array<std::int64_t> integers(const std::string& path, const Expected& expected = {}) const;
  // Valid UTF-8 of fixed or variable length, without padding.
  Array<std::string> strings(const std::string& path, const Expected& expected = {}) const;

  // Strings; numbers become text, 101 and 101.0 both "101". Also accepts text that MATLAB stored as
  // a table of character codes (attribute MATLAB_class), one name per column.
  Array<std::string> names(const std::string& path, const Expected& expected = {}) const;

  // Only `rows` of the first axis, in the given order; other rows are not read. `expected`: shape
  // of the whole dataset. A row outside it is a Bug.
  Array<float> float_rows(const std::string& path, const std::vector<std::int64_t>& rows,
                          const Expected& expected = {}) const;
  // Rows of numbers or strings, depending on the dataset.
  Column column_rows(const std::string& path, const std::vector<std::int64_t>& rows,
                     const Expected& expected = {}) const;

  // Paths of the objects that a dataset of references points to, in order; "" for a null reference.
  // DataError if a reference points to no named object of this file.
  std::vector<std::string> references(const std::string& path) const;
  bool is_references(const std::string& path) const;

  // Attributes of a group or dataset ("/" is the root). A single value may be a scalar or an array
  // of one element, a list may be a row or a column; whole numbers are accepted as integers.
  bool has_attribute(const std::string& path, const std::string& name) const;
  std::string string_attribute(const std::string& path, const std::string& name) const;
  double number_attribute(const std::string& path, const std::string& name) const;
  std::int64_t integer_attribute(const std::string& path, const std::string& name) const;
  std::vector<double> numbers_attribute(const std::string& path, const std::string& name) const;
  std::vector<std::string> strings_attribute(const std::string& path,
                                             const std::string& name) const;
  // Nothing if the attribute is absent or empty; DataError if it has the wrong
  // type.
  std::optional<std::string> optional_string_attribute(const std::string& path,
                                                       const std::string& name) const;
  std::optional<double> optional_number_attribute(const std::string& path,
                                                  const std::string& name) const;
  std::optional<std::int64_t> optional_integer_attribute(const std::string& path,
                                                         const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace strffit::files
