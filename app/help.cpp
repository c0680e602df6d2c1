#include "help.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace strffit::app {

std::string HelpOfAScreen::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  constexpr std::size_t kLines = 23;  // and the prompt
  std::istringstream text(CLI::Formatter::make_help(app, std::move(name), mode));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("  -h,--help ")) continue;
    if (line.empty() && !lines.empty() && lines.back() == "Options:") lines.pop_back();
    if (line.empty() && !lines.empty() && lines.back().empty()) continue;
    lines.push_back(line);
  }
  if (lines.size() > kLines) {
    lines.erase(std::remove(lines.begin(), lines.end(), ""), lines.end());
  }
  std::string kept;
  for (const auto& line : lines) kept += line + "\n";
  return kept;
}

}  // namespace strffit::app
