// What the commands print with --json: keys in the order in which they were written, null for a
// number that is none.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace strffit {

using Json = nlohmann::ordered_json;

inline Json json_number(double number) { return std::isfinite(number) ? Json(number) : Json(); }

}  // namespace strffit
