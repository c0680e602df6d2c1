#include <iostream>
#include <memory>

#include "commands.hpp"
#include "commands/explain.hpp"

namespace strffit::app {

void add_config(CLI::App& app, Session& session) {
  struct Options {
    std::string key;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("config", "Explain the keys of a config");
  command->add_option("KEY", options->key, "Such as model.context (default: list all keys)");
  command->add_flag("--json", options->json, "JSON instead of text");
  command->footer("Example:\n  strffit config fit.monitor");
  command->callback([options, &session] {
    session.command = [options] {
      std::cout << (options->json ? explain_key_as_json(options->key) + "\n"
                                  : explain_key(options->key));
    };
  });
}

}  // namespace strffit::app
