#include "config/written.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "config/value.hpp"

namespace strffit::config {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

std::string write(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string write(std::int64_t value) { return std::to_string(value); }

std::string write(bool value) { return value ? "true" : "false"; }

std::string write(const std::string& text) {
  // Words that some YAML readers take for a boolean, null or a number.
  constexpr std::array<std::string_view, 12> kReserved{
      "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity"};
  const bool simple = !text.empty() && (is_letter(text[0]) || text[0] == '/') &&
                      std::all_of(text.begin(), text.end(),
                                  [](char c) {
                                    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' ||
                                           c == '/' || c == '-';
                                  }) &&
                      std::find(kReserved.begin(), kReserved.end(), lower(text)) == kReserved.end();
  if (simple) return text;
  constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace strffit::config
