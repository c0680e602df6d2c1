#include "files/library_version.hpp"

#include "files/hdf5.hpp"
#include "util/text.hpp"

namespace strffit::files {

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace strffit::files
