// --help that fits a terminal.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace strffit::app {

// CLI11's help without the line of --help, and without empty lines if it would have more lines than
// a terminal of 24.
class HelpOfAScreen : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace strffit::app
