// Writes values as YAML that reads back the same. Internal to config.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace strffit::config {

// YAML in flow style: the shortest decimal that reads back as the same double; text in quotes if it
// could be taken for something else.
std::string write(double value);
std::string write(std::int64_t value);
std::string write(bool value);
std::string write(const std::string& text);
std::string write(const char* text) = delete;  // would convert to bool

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
