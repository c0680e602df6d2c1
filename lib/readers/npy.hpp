// NumPy's .npy files: one array of numbers. Pickled objects are refused, never read.
//
// Format: NEP 1, versions 1 to 3.
#pragma once

#include <cstdint>
#include <string>

#include "util/array.hpp"

namespace strffit::import {

// Integers and floating-point numbers of 1 to 8 bytes in either byte order; arrays in Fortran
// order are turned. DataError where the header lies about what follows.
Array<double> read_npy(const std::string& file);
// The same for integers alone, exact beyond 2^53.
Array<std::int64_t> read_npy_integers(const std::string& file);

}  // namespace strffit::import
