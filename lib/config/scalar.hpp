// Single values between YAML and C++: reading with checks, writing so that it reads back the same.
// Internal to config.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/range.hpp"
#include "config/value.hpp"

namespace strffit::config {

// Each read_ throws ConfigError at `where` for another type, or a value outside the range.
// Numbers are decimal: no hexadecimal, no leading zeros (octal elsewhere), no NaN or infinity.
double read_number(const Value& value, const std::string& where, const Range& range);
std::int64_t read_integer(const Value& value, const std::string& where, const Range& range);
bool read_boolean(const Value& value, const std::string& where);  // true or false, not yes or on
// Numbers count as text: a unit may be called 7, a folder 2024. true and nothing do not.
std::string read_text(const Value& value, const std::string& where);

bool looks_like_number(const Value& value);
bool looks_like_boolean(const Value& value);

// YAML of a value, in flow style: the shortest decimal that reads back as the same double, text in
// quotes where it could be taken for something else.
std::string write(double value);
std::string write(std::int64_t value);
std::string write(bool value);
std::string write(const std::string& text);
std::string write(const char* text) = delete;  // would be taken for a bool

template <class... T>
std::string write(const std::variant<T...>& value) {
  return std::visit([](const auto& held) { return write(held); }, value);
}

template <class T>
std::string write(const std::vector<T>& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ", ") + write(item);
  return "[" + text + "]";
}

}  // namespace strffit::config
