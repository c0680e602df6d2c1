#include "commands/init.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"

namespace strffit::app {

void add_init(CLI::App& app, Session& session) {
  struct Options {
    std::string kind = "linear";
    bool reference = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("init", "Print a commented config to start from");
  command->add_option("KIND", options->kind, "Model: " + CLI::detail::join(kinds(), ", "))
      ->capture_default_str();
  command->add_flag("--reference", options->reference, "Print docs/config.md: every key there is");
  command->footer("Example:\n  strffit init ln > fit.yaml");
  command->callback([options, &session] {
    session.command = [options] {
      std::cout << (options->reference ? config_reference() : starting_config(options->kind));
    };
  });
}

}  // namespace strffit::app
