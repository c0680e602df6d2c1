// --help that fits a terminal.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace strffit::app {

// CLI11's texts without the line of --help, which its reader knows; and without empty lines where a
// terminal of 24 lines would not show all.
class HelpOfAScreen : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace strffit::app
