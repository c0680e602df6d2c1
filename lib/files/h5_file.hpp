// An HDF5 file opened for reading, with the checks for everything read from it. Private to this
// room.
#pragma once

#include <cstdint>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "files/expected.hpp"
#include "files/hdf5.hpp"
#include "util/array.hpp"
#include "util/errors.hpp"

namespace strffit::files {

class H5InputFile {
 public:
  // DataError if `name` is not a regular file, cannot be opened or is not a complete HDF5 file.
  // Call probe() first; it also stops HDF5 from printing.
  explicit H5InputFile(const std::string& name);

  // Size of `name` in bytes. DataError unless it is a readable regular file: reading a pipe or a
  // device might never end.
  static std::int64_t checked_bytes(const std::string& name);

  const std::string& name() const { return name_; }
  std::int64_t bytes() const { return bytes_; }
  // Size of an address in the file, usually 8.
  std::int64_t address_bytes() const;

  // H5I_GROUP, H5I_DATASET or another kind; H5I_BADID if nothing is there.
  H5I_type_t kind(const std::string& path) const;
  // DataError if missing, of another kind, or reached by a link to another file.
  H5::Group group(const std::string& path) const;
  H5::DataSet dataset(const std::string& path) const;
  // Dataspace of a dataset whose layout stays inside the file (HDF5 may open the sources of a
  // virtual dataset to find its size).
  H5::DataSpace checked_space(const std::string& path, const H5::DataSet& dataset) const;
  H5::Attribute attribute(const std::string& path, const std::string& name) const;
  bool has_attribute(const std::string& path, const std::string& name) const;
  std::vector<std::string> children(const std::string& group) const;

  [[noreturn]] void fail(const std::string& path, const std::string& what) const;

  // Runs `body`; HDF5 errors and lack of memory become DataError.
  template <class Body>
  auto guarded(const std::string& path, Body body) const {
    try {
      return body();
    } catch (const H5::Exception& error) {
      fail(path,
           "expected readable data; found the file damaged here (" + error.getDetailMsg() + ")");
    } catch (const std::bad_alloc&) {
      fail(path, "expected data that fit into memory; found more");
    } catch (const std::length_error&) {
      fail(path, "expected data that fit into memory; found more");
    }
  }

 private:
  hid_t open_object(const std::string& path) const;
  [[noreturn]] void explain_missing(const std::string& path) const;

  std::string name_;
  std::int64_t bytes_ = 0;
  H5::H5File file_;
  H5::LinkAccPropList no_other_file_;
};

// Path of every object reached by hard links, by address. References are opened by path, because
// HDF5 does not check addresses.
std::map<haddr_t, std::string> object_places(const H5InputFile& file);

// Content of a type. Only common number types are accepted: HDF5 converts others using fields of
// the file that it does not check.
enum class Values { integer, real, text, other };
Values values_of(const H5::DataType& type);
// "a compound", "a 64-bit integer", ... for messages.
std::string describe(const H5::DataType& type);
// Shape of a dataspace, or of an attribute if one is named. DataError if it is null, a size exceeds
// 2^63, or it is empty and another axis is longer than the file has bytes.
Shape checked_shape(const H5InputFile& file, const std::string& path, const H5::DataSpace& space,
                    const std::string& attribute = "");
// "attribute NAME: " in front of a message; "" without a name.
std::string of_attribute(const std::string& name);
// `shape` with the axes of `expected` and the same number of elements. DataError if it does not
// fit; the message says how to transpose if the axes are merely reversed.
Shape fitted_shape(const H5InputFile& file, const std::string& path, const Shape& shape,
                   const Expected& expected);
// Converts a number to an integer. DataError unless it is whole and exact as a double.
std::int64_t whole_number(const H5InputFile& file, const std::string& path, double value,
                          const std::string& attribute = "");
// DataError if the elements of `shape` do not fit what the file stores for this dataset.
void check_size(const H5InputFile& file, const std::string& path, const H5::DataSet& dataset,
                const Shape& shape);
// Chunks and filters of a dataset.
struct ChunkLayout {
  std::vector<hsize_t> size;          // of a chunk, per axis, >= 1
  std::vector<H5Z_filter_t> filters;  // in order of application
  unsigned options = 0;               // H5Pget_chunk_opts
  std::int64_t bytes = 0;             // of an uncompressed chunk
};

// DataError if a filter other than deflate compresses it or its chunks do not have `rank` axes.
ChunkLayout chunk_layout(const H5InputFile& file, const std::string& path,
                         const H5::DataSet& dataset, std::size_t rank);

// DataError if a chunk that contains one of `rows` (first axis, ascending; null: all) has the
// wrong size after decompression: HDF5 1.10 would read past its end in memory. Call after
// check_size().
void check_chunks(const H5InputFile& file, const std::string& path, const H5::DataSet& dataset,
                  const Shape& shape, const std::vector<std::int64_t>* rows);

}  // namespace strffit::files
