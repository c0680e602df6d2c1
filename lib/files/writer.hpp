// Writing files that are either whole or not there: everything goes to a temporary file beside the
// final one, which gets its name only after it is safely on the disk. Until commit() the content is
// held in memory, but for what is large and put as numbers or in rows: that is written at once.
//
// Every failure (full disk, read-only or vanished folder, file-size limit) is a RunError that names
// the file and the cause; the previous file of that name stays as it was. A process that may meet a
// file-size limit must ignore SIGXFSZ.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "util/array.hpp"

namespace strffit::files {

class Writer {
 public:
  // Starts a TemporaryFile for `path`, with the root attributes `format` and `version`. The folder
  // must exist.
  Writer(const std::string& path, const std::string& format, std::int64_t version = 1);
  // Without commit() the temporary file is removed.
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  // A new dataset at an absolute path; missing groups are made. Strings are written as UTF-8 of
  // variable length. `compress`: deflate in chunks of about 1 MiB, for what is large.
  void put(const std::string& path, const Array<float>& array, bool compress = false);
  void put(const std::string& path, const Array<double>& array, bool compress = false);
  void put(const std::string& path, const Array<std::int64_t>& array, bool compress = false);
  void put(const std::string& path, const Array<std::int32_t>& array, bool compress = false);
  void put(const std::string& path, const Array<std::uint8_t>& array, bool compress = false);
  void put(const std::string& path, const Array<std::string>& array);
  // The same from numbers that lie elsewhere, as many as `shape` says: what is large is not held in
  // memory twice.
  void put(const std::string& path, const Shape& shape, const float* values);
  // A new dataset whose rows (first axis) follow in any order, each once, before commit(). Nothing
  // of it is held in memory.
  void begin_rows(const std::string& path, const Shape& shape);
  // `count` rows of it from row `first` on.
  void put_rows(const std::string& path, std::int64_t first, std::int64_t count,
                const float* values);
  // An empty group where none is yet.
  void group(const std::string& path);

  // Attributes of "/", a group or a dataset that is there already.
  void attribute(const std::string& path, const std::string& name, const std::string& value);
  void attribute(const std::string& path, const std::string& name, const char* value);
  void attribute(const std::string& path, const std::string& name, double value);
  void attribute(const std::string& path, const std::string& name, std::int64_t value);
  void attribute(const std::string& path, const std::string& name,
                 const std::vector<double>& values);
  void attribute(const std::string& path, const std::string& name,
                 const std::vector<std::string>& values);

  // Flushes, syncs, gives the file its name, syncs the folder. Nothing can be put afterwards.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace strffit::files
