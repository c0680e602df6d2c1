// HDF5's own library crashes or loops on some damaged files (1.10.8: one flipped bit in a global
// heap is enough). So a child process goes through a file first: if it does not come back, the file
// is refused and nothing else is harmed. Private to this room.
#pragma once

#include <string>

namespace strffit::files {

// Goes through every group, dataset, attribute, chunk index and text of the file `name` in a child
// process. DataError naming the place where the child crashed, hung or took more memory than the
// file's size justifies (256 MiB to 1 GiB); RunError where no process can be started. Errors that
// HDF5 reports itself are left to the reader. After this call HDF5 prints nothing.
void probe(const std::string& name);

}  // namespace strffit::files
