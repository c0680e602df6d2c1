// Reads and checks scalars of YAML.
// Internal to config.
#pragma once

#include <cstdint>
#include <string>

#include "config/range.hpp"
#include "config/value.hpp"

namespace strffit::config {

// Each read_ function throws ConfigError at `where` if the type is wrong or the value out of range.
// Numbers are decimal: no hexadecimal, no leading zeros (octal elsewhere), no NaN or infinity.
double read_number(const Value& value, const std::string& where, const Range& range);
std::int64_t read_integer(const Value& value, const std::string& where, const Range& range);
bool read_boolean(const Value& value, const std::string& where);  // true or false, not yes or on
// Numbers are accepted: a unit may be called 7, a folder 2024. true and empty values are refused.
std::string read_text(const Value& value, const std::string& where);

bool looks_like_number(const Value& value);
bool looks_like_boolean(const Value& value);

// "the number 3", "the text "abc"", "a list": for "expected ...; found ...".
std::string describe(const Value& value);

}  // namespace strffit::config
