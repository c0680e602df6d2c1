// Which strffit this is.
#pragma once

namespace strffit {

// "0.1.0".
const char* version();

// What compiled it, and for what: "GNU 12.2.0, native".
const char* compiler();

}  // namespace strffit
