// Memory for a file that HDF5 makes there. Private to this room.
#pragma once

#include <H5Cpp.h>

namespace strffit::files {

// Files opened with `access`, which has HDF5's core driver, grow by mapping pages and not by
// copying: pages that were given back with madvise() are not touched again.
void use_growing_memory(const H5::FileAccPropList& access);

}  // namespace strffit::files
