// Memory for a file that HDF5 creates in memory. Private to this room.
#pragma once

#include <H5Cpp.h>

namespace strffit::files {

// Makes files opened with `access` (HDF5's core driver) grow by remapping pages instead of copying:
// pages released with madvise() are not touched again.
void use_growing_memory(const H5::FileAccPropList& access);

}  // namespace strffit::files
