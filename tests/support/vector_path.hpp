// Path of the files in tests/vectors.
#pragma once

#include <string>

namespace strffit::test {

inline std::string vector_path(const std::string& name) {
  std::string path = STRFFIT_SOURCE_DIR;
  return path.append("/tests/vectors/").append(name);
}

}  // namespace strffit::test
