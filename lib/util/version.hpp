// Which strffit this is.
#pragma once

namespace strffit {

// "0.1.0".
const char* version();

}  // namespace strffit
