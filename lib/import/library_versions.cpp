#include "import/library_versions.hpp"

#include "readers/archive.hpp"
#include "readers/matlab.hpp"
#include "sound/audio.hpp"

namespace strffit {

std::vector<std::pair<std::string, std::string>> import_library_versions() {
  return {{"libsndfile", audio_library_version()},
          {"matio", import::matlab_library_version()},
          {"libarchive", import::archive_library_version()}};
}

}  // namespace strffit
