#include "config/value.hpp"

#include <algorithm>

#include "util/text.hpp"

namespace strffit::config {

std::string Place::with_path(const std::string& path) const {
  if (line == 0) {
    const std::string place = printable(*source) + " (command line)";
    const bool named = path.empty() || source->starts_with(path + "=");
    return named ? place : place + ": " + printable(path);
  }
  const std::string place = fmt::format("{}:{}:{}", *source, line, column);
  return path.empty() ? place : place + ": " + printable(path);
}

int Value::index(const std::string& key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].name == key) return static_cast<int>(i);
  }
  return -1;
}

bool Value::all_default() const {
  if (kind != Kind::map) return is_default;
  return !items.empty() && std::all_of(items.begin(), items.end(),
                                       [](const Value& item) { return item.all_default(); });
}

std::string printable(const std::string& text) {
  constexpr std::size_t kLongest = 60;
  constexpr char kHex[] = "0123456789abcdef";
  std::string shown;
  std::size_t characters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool starts_character = (byte & 0xC0) != 0x80;
    if (starts_character && characters++ == kLongest) return shown + "...";
    if (byte < 0x20 || byte == 0x7F) {
      shown += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace strffit::config
