#include "util/version.hpp"

namespace strffit {

const char* version() { return STRFFIT_VERSION; }

}  // namespace strffit
