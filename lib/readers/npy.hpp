// NumPy's .npy files: one array of numbers. Pickled objects are refused without reading them.
//
// Format: NEP 1, versions 1 to 3.
#pragma once

#include <cstdint>
#include <string>

#include "util/array.hpp"

namespace strffit::import {

// Integers and floating-point numbers of 1 to 8 bytes in either byte order; Fortran order is
// converted to C order. DataError if the header does not match the data.
Array<double> read_npy(const std::string& file);
// Integers only, exact beyond 2^53. Otherwise as above.
Array<std::int64_t> read_npy_integers(const std::string& file);

}  // namespace strffit::import
