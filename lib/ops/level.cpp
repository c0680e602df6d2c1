#include "ops/level.hpp"

namespace strffit::ops {

std::string level() {
#ifdef STRFFIT_LEVEL
  return "x86-64-" STRFFIT_LEVEL;
#else
  return "";
#endif
}

}  // namespace strffit::ops
