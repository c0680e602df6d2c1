// Reading HDF5 without trusting it: types, shapes and sizes are checked against the file before
// anything is allocated, and nothing outside the file is ever opened.
//
// Every function throws DataError naming file, path inside it, what was expected and what is there.
// Not thread-safe (Debian's HDF5 is not): one thread reads.
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

// What a dataset holds: integers, floats of 4 or fewer bytes, longer ones, or text.
enum class Stored { integer, single, real, text };

// A small dataset of either kind, for facts about units of which only the first axis is known.
using Column = std::variant<Array<double>, Array<std::string>>;

class Reader {
 public:
  // Opens `file` read-only and without locks, so that it can be read while another process replaces
  // it. Its root attribute `format` must be one of `formats`, and `version` between 1 and
  // `highest_version`.
  Reader(const std::string& file, const std::vector<std::string>& formats,
         std::int64_t highest_version = 1);
  // Opens any HDF5 file, of whatever format: that of another program.
  explicit Reader(const std::string& file);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  const std::string& file() const;
  const std::string& format() const;
  std::int64_t version() const;

  // Paths are absolute, "/stimuli/a/responses".
  bool exists(const std::string& path) const;
  bool is_group(const std::string& path) const;
  bool is_dataset(const std::string& path) const;
  // Names in a group in byte order; an error where `group` is missing or a dataset.
  std::vector<std::string> children(const std::string& group) const;
  Shape shape(const std::string& dataset) const;
  Stored stored(const std::string& dataset) const;

  // Numbers of any width and byte order, and booleans. `integers` takes floating point where every
  // number is whole: MATLAB and R store all numbers so.
  Array<float> floats(const std::string& path, const Expected& expected = {}) const;
  Array<double> doubles(const std::string& path, const Expected& expected = {}) const;
  Array<std::int64_t> integers(const std::string& path, const Expected& expected = {}) const;
  // Valid UTF-8 of fixed or variable length, padding removed.
  Array<std::string> strings(const std::string& path, const Expected& expected = {}) const;

  // The same of numbers, as a name is written: 101 and 101.0 as "101". Also text that MATLAB has
  // stored as a table of character codes (its attribute MATLAB_class says so), a name a column.
  Array<std::string> names(const std::string& path, const Expected& expected = {}) const;

  // Only `rows` of the first axis, in the order asked for; the rest is not read. `expected` is
  // the shape of the whole dataset. A row outside of it is a Bug.
  Array<float> float_rows(const std::string& path, const std::vector<std::int64_t>& rows,
                          const Expected& expected = {}) const;
  // The same for numbers or strings, whichever the dataset holds.
  Column column_rows(const std::string& path, const std::vector<std::int64_t>& rows,
                     const Expected& expected = {}) const;

  // The paths of the objects that a dataset of references names, in its order; "" for none.
  // DataError where one leads to nothing that has a name in this file.
  std::vector<std::string> references(const std::string& path) const;
  bool is_references(const std::string& path) const;

  // Attributes of a group or dataset ("/" is the root). A single value may be stored as a scalar or
  // as an array of one, a list as a row or a column; whole numbers are integers.
  bool has_attribute(const std::string& path, const std::string& name) const;
  std::string string_attribute(const std::string& path, const std::string& name) const;
  double number_attribute(const std::string& path, const std::string& name) const;
  std::int64_t integer_attribute(const std::string& path, const std::string& name) const;
  std::vector<double> numbers_attribute(const std::string& path, const std::string& name) const;
  std::vector<std::string> strings_attribute(const std::string& path,
                                             const std::string& name) const;
  // Nothing where the attribute is absent or holds no value; still an error where it has the wrong
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
