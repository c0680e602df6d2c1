// Which HDF5 reads and writes.
#pragma once

#include <string>

namespace strffit::files {

// "1.10.8", of the library that is loaded.
std::string hdf5_version();

}  // namespace strffit::files
