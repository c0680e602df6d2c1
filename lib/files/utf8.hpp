// Checks whether bytes are text.
#pragma once

#include <string>

namespace strffit::files {

// True for valid UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) without NUL.
bool is_utf8(const std::string& text);

}  // namespace strffit::files
