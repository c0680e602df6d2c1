#include "util/version.hpp"

namespace strffit {

const char* version() { return STRFFIT_VERSION; }

const char* compiler() { return STRFFIT_COMPILER; }

}  // namespace strffit
