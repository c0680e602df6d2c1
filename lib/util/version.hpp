// Version of strffit.
#pragma once

namespace strffit {

// "0.1.0".
const char* version();

// Compiler and target: "GNU 12.2.0, native".
const char* compiler();

}  // namespace strffit
