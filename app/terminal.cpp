#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace strffit::app {

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// By the first of these variables that is set, as the C library does.
bool is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = variable(name);
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

bool has_control_characters(int stream) {
  const std::string term = variable("TERM");
  return isatty(stream) == 1 && !term.empty() && term != "dumb";
}

bool has_colours(int stream) {
  return has_control_characters(stream) && variable("NO_COLOR").empty();
}

std::size_t columns_of(int stream) {
  constexpr std::size_t kUsual = 80, kFewest = 20;
  winsize size{};
  if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::max<std::size_t>(kFewest, size.ws_col);
  }
  const auto said = std::strtoul(variable("COLUMNS").c_str(), nullptr, 10);
  return said > 0 ? std::max<std::size_t>(kFewest, said) : kUsual;
}

Layout output_layout(bool wide) {
  if (isatty(STDOUT_FILENO) != 1) return {};
  Layout layout;
  layout.width = wide ? 0 : columns_of(STDOUT_FILENO);
  layout.bars = true;
  layout.plain = !is_utf8();
  return layout;
}

}  // namespace strffit::app
