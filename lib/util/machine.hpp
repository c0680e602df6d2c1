// Time and name of this machine.
#pragma once

#include <string>

namespace strffit {

std::string now_utc();    // "2026-01-31T12:00:00Z"
std::string host_name();  // "" if it has none

}  // namespace strffit
