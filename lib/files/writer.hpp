// Writes files that are complete or absent: everything goes to a temporary file, which gets the
// final name once it is safely on the disk. Until commit() the content is in memory, except large
// arrays of float and rows, which are written at once.
//
// Every failure (full disk, read-only or missing folder, file-size limit) is a RunError that names
// the file and the cause; an existing file of that name is kept. A process with a file-size limit
// must ignore SIGXFSZ.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "util/array.hpp"

namespace strffit::files {

class Writer {
 public:
  // Creates a TemporaryFile for `path` with the root attributes `format` and `version`. The folder
  // must exist.
  Writer(const std::string& path, const std::string& format, std::int64_t version = 1);
  // Removes the temporary file unless committed.
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  // Creates a dataset at an absolute path, with missing groups. Strings are UTF-8 of variable
  // length. `compress`: deflate in chunks of about 1 MiB, for large arrays.
  void put(const std::string& path, const Array<float>& array, bool compress = false);
  void put(const std::string& path, const Array<double>& array, bool compress = false);
  void put(const std::string& path, const Array<std::int64_t>& array, bool compress = false);
  void put(const std::string& path, const Array<std::int32_t>& array, bool compress = false);
  void put(const std::string& path, const Array<std::uint8_t>& array, bool compress = false);
  void put(const std::string& path, const Array<std::string>& array);
  // The same for an array outside: `values` has as many numbers as `shape`. Large arrays are not
  // copied.
  void put(const std::string& path, const Shape& shape, const float* values);
  // Creates a dataset whose rows (first axis) are put before commit(), in any order, each once.
  // They are not kept in memory.
  void begin_rows(const std::string& path, const Shape& shape);
  // Writes `count` rows from row `first` on.
  void put_rows(const std::string& path, std::int64_t first, std::int64_t count,
                const float* values);
  // Creates an empty group if it does not exist.
  void group(const std::string& path);

  // Attributes of "/" or of an existing group or dataset.
  void attribute(const std::string& path, const std::string& name, const std::string& value);
  void attribute(const std::string& path, const std::string& name, const char* value);
  void attribute(const std::string& path, const std::string& name, double value);
  void attribute(const std::string& path, const std::string& name, std::int64_t value);
  void attribute(const std::string& path, const std::string& name,
                 const std::vector<double>& values);
  void attribute(const std::string& path, const std::string& name,
                 const std::vector<std::string>& values);

  // Shapes of everything that was put or begun so far, by path.
  const std::map<std::string, Shape>& shapes() const;
  // Makes a dataset with one axis an HDF5 dimension scale, as netCDF-4 uses them. `coordinates`:
  // the dataset holds the coordinates of the dimension; false: it only gives its length.
  void make_scale(const std::string& path, bool coordinates);
  // Attaches a scale to each axis of a dataset. Call it once for a dataset.
  void attach_scales(const std::string& path, const std::vector<std::string>& scales);

  // Syncs the file, gives it its name and syncs the folder. Nothing can be put afterwards.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace strffit::files
