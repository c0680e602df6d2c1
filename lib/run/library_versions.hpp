// Which libraries this program runs on.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace strffit {

// {"strffit", "0.1.0"}, {"LibTorch", ...}, {"BLAS", ...}, {"HDF5", ...}, {"CUDA", "none"}.
std::vector<std::pair<std::string, std::string>> library_versions();

// Those that recordings are imported with, in the same form; "none" where this program was built
// without one: {"libsndfile", "1.2.0"}.
std::vector<std::pair<std::string, std::string>> import_library_versions();

}  // namespace strffit
