// Versions of the libraries for import.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace strffit {

// Libraries with which recordings are imported, with versions: {"libsndfile", "1.2.0"}; "none" if
// this program was built without one.
std::vector<std::pair<std::string, std::string>> import_library_versions();

}  // namespace strffit
