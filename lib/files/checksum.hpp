// The fingerprint by which a run knows its dataset again.
#pragma once

#include <string>

namespace strffit::files {

// SHA-256 of a file's bytes, 64 lower-case hexadecimal digits. The file is read piece by piece.
// DataError where it is no regular file or cannot be read.
std::string sha256(const std::string& path);

}  // namespace strffit::files
