// Version of HDF5.
#pragma once

#include <string>

namespace strffit::files {

// "1.10.8", of the loaded library.
std::string hdf5_version();

}  // namespace strffit::files
