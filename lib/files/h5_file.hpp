// An HDF5 file opened for reading, and the checks that everything read from it passes. Private to
// this room.
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
  // DataError where `name` is no regular file, cannot be opened or is no whole HDF5 file. To be
  // called after probe(), which also keeps HDF5 from printing.
  explicit H5InputFile(const std::string& name);

  // The size of `name`, which must be a readable regular file: a pipe or a device would be waited
  // for without end.
  static std::int64_t checked_bytes(const std::string& name);

  const std::string& name() const { return name_; }
  std::int64_t bytes() const { return bytes_; }
  // Of an address inside the file, 8 mostly.
  std::int64_t address_bytes() const;

  // H5I_GROUP, H5I_DATASET, another kind of object, or H5I_BADID where nothing is.
  H5I_type_t kind(const std::string& path) const;
  // DataError where there is none, where it is of another kind, or where a link leaves the file.
  H5::Group group(const std::string& path) const;
  H5::DataSet dataset(const std::string& path) const;
  // The dataspace of a dataset whose layout has been checked to stay inside the file (HDF5 may open
  // the sources of a virtual dataset to learn its size).
  H5::DataSpace checked_space(const std::string& path, const H5::DataSet& dataset) const;
  H5::Attribute attribute(const std::string& path, const std::string& name) const;
  bool has_attribute(const std::string& path, const std::string& name) const;
  std::vector<std::string> children(const std::string& group) const;

  [[noreturn]] void fail(const std::string& path, const std::string& what) const;

  // Runs `body` and turns HDF5's errors and a lack of memory into DataErrors.
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

// The path of every object that hard links lead to, by its address: what a reference names is
// opened by its path, since HDF5 does not check the address.
std::map<haddr_t, std::string> object_places(const H5InputFile& file);

// What a type holds. Only the usual numbers are taken: HDF5 converts others by fields of the file
// that it does not check.
enum class Values { integer, real, text, other };
Values values_of(const H5::DataType& type);
// "a compound", "a 64-bit integer", ... for messages.
std::string describe(const H5::DataType& type);
// The shape of a dataspace, of an attribute where one is named; DataError where it is null, a
// size is beyond 2^63, or it is empty with another axis longer than the file has bytes.
Shape checked_shape(const H5InputFile& file, const std::string& path, const H5::DataSpace& space,
                    const std::string& attribute = "");
// "attribute NAME: " before what is wrong with it; "" without a name.
std::string of_attribute(const std::string& name);
// `shape` as `expected` has it (see there), of as many elements. DataError where it does not fit,
// with the way to turn it where its axes are merely reversed.
Shape fitted_shape(const H5InputFile& file, const std::string& path, const Shape& shape,
                   const Expected& expected);
// What a number must be that stands for an integer: whole, and exact as a double. DataError.
std::int64_t whole_number(const H5InputFile& file, const std::string& path, double value,
                          const std::string& attribute = "");
// DataError where the elements of `shape` do not fit what the file stores for this dataset.
void check_size(const H5InputFile& file, const std::string& path, const H5::DataSet& dataset,
                const Shape& shape);
// How a chunked dataset is cut and stored.
struct ChunkLayout {
  std::vector<hsize_t> size;          // of a chunk, along each axis; 1 or more
  std::vector<H5Z_filter_t> filters;  // in the order in which they were applied
  unsigned options = 0;               // H5Pget_chunk_opts
  std::int64_t bytes = 0;             // of a chunk, not compressed
};

// DataError where it is compressed by other than deflate, or its chunks are no part of `rank` axes.
ChunkLayout chunk_layout(const H5InputFile& file, const std::string& path,
                         const H5::DataSet& dataset, std::size_t rank);

// DataError where a chunk with one of `rows` of the first axis (ascending; all where null) does not
// hold the bytes of a chunk, once decompressed: HDF5 1.10 takes what is missing from memory that
// lies behind. After check_size().
void check_chunks(const H5InputFile& file, const std::string& path, const H5::DataSet& dataset,
                  const Shape& shape, const std::vector<std::int64_t>* rows);

}  // namespace strffit::files
