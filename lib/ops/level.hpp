// Which of the builds of this room is in use.
#pragma once

#include <string>

namespace strffit::ops {

// "x86-64-v3", where the program has kernels for several levels of x86-64 (STRFFIT_LEVELS); else
// "".
std::string level();

}  // namespace strffit::ops
