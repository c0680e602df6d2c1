// Numbers in messages. Private to this room.
#pragma once

#include <cstdio>
#include <string>

namespace strffit {

// "32000", "48828.125", "0.03": at most ten digits, no trailing zeros.
inline std::string in_words(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

}  // namespace strffit
