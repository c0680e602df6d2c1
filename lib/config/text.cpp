#include "config/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::config {
namespace {

// Length in bytes of the UTF-8 character at i; 0 if invalid (also for overlong forms, surrogates
// and code points above U+10FFFF).
std::size_t character_length(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
  };
  const unsigned first = byte(i);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  unsigned code = first & (0x7FU >> length);
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0U) != 0x80U) return 0;
    code = code << 6 | (byte(i + k) & 0x3FU);
  }
  constexpr std::array<unsigned, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool valid = first >= 0xC2 && first <= 0xF4 && code >= kSmallest[length] &&
                     code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
  return valid ? length : 0;
}

[[noreturn]] void refuse_size(const std::string& name) {
  throw ConfigError(name,
                    "is larger than 1 MiB; a configuration is a short text: is this the "
                    "right file?");
}

}  // namespace

std::string checked_text(std::string text, const std::string& name) {
  if (text.size() > kLargestFile) refuse_size(name);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  int line = 1;
  int column = 0;
  bool comment = false;
  const auto refuse = [&](const std::string& what) {
    throw ConfigError(fmt::format("{}:{}:{}", name, line, column), what);
  };
  for (std::size_t i = 0; i < text.size();) {
    ++column;
    const std::size_t length = character_length(text, i);
    if (length == 0) refuse("not UTF-8 text; save the file with UTF-8 encoding");
    const char c = text[i];
    const bool line_end = c == '\n' || (c == '\r' && text.compare(i, 2, "\r\n") == 0);
    if (c == '#' && (column == 1 || text[i - 1] == ' ' || text[i - 1] == '\t')) comment = true;
    if (c == '\t') {
      if (!comment) refuse("a tab; indent and separate with spaces, or write \"\\t\" in quotes");
    } else if (!line_end && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) {
      refuse("a control character; a configuration is plain text: is this the right file?");
    }
    if (c == '\n') {
      ++line;
      column = 0;
      comment = false;
    }
    i += length;
  }
  return text;
}

std::string read_small_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw ConfigError(path,
                      "cannot be read: no such file; `strffit init` writes one to start from");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw ConfigError(path, "cannot be read: not a regular file");
  }
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > kLargestFile) refuse_size(path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  // One extra byte detects a file that grows while it is read.
  std::string text(kLargestFile + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) {
    throw ConfigError(path, std::string("cannot be read: ") + std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace strffit::config
