// Bytes as text, for pictures inside SVG and HTML.
#pragma once

#include <string>

namespace strffit {

// RFC 4648, with padding, without line breaks.
std::string base64(const std::string& bytes);

}  // namespace strffit
