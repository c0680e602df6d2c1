// The checksum by which a run recognises its dataset.
#pragma once

#include <string>

namespace strffit::files {

// SHA-256 of a file's bytes, 64 lower-case hexadecimal digits. Reads in blocks. DataError if the
// file is not regular or cannot be read.
std::string sha256(const std::string& path);

}  // namespace strffit::files
