// JSON of the commands' option --json: keys in the order of writing, null for numbers that are not
// finite.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace strffit {

using Json = nlohmann::ordered_json;

inline Json json_number(double number) { return std::isfinite(number) ? Json(number) : Json(); }

}  // namespace strffit
