// HDF5 crashes or loops on some damaged files (1.10.8: one flipped bit in a global heap is enough).
// A child process reads a file first; if it fails, the file is refused and this process goes on.
// Private to this room.
#pragma once

#include <string>

namespace strffit::files {

// Reads every group, dataset, attribute, chunk index and text of the file `name` in a child
// process. DataError naming the object at which the child crashed, hung or took more memory than
// the file's size justifies (256 MiB to 1 GiB); RunError if no process can be started. Errors that
// HDF5 reports are left to the reader. After this call HDF5 prints nothing.
void probe(const std::string& name);

}  // namespace strffit::files
