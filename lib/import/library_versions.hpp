// Libraries of the import.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace strffit {

// Libraries that recordings are imported with, in the same form; "none" where this program was
// built without one: {"libsndfile", "1.2.0"}.
std::vector<std::pair<std::string, std::string>> import_library_versions();

}  // namespace strffit
