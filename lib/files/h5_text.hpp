// Reads text from HDF5, of fixed or variable length. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "files/h5_file.hpp"

namespace strffit::files {

// All values of a text dataset of `shape` that passed check_size(). DataError if they exceed 64 MiB
// or are not UTF-8.
std::vector<std::string> read_texts(const H5InputFile& file, const std::string& path,
                                    const H5::DataSet& dataset, const Shape& shape);

// All `count` values of the text attribute `name`. Errors as above.
std::vector<std::string> read_texts(const H5InputFile& file, const std::string& path,
                                    const std::string& name, const H5::Attribute& attribute,
                                    std::int64_t count);

}  // namespace strffit::files
