#include "cluster/status.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"

namespace strffit::app {

void add_status(CLI::App& app, Session& session) {
  struct Options {
    std::string folder;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("status", "Say how far a run is");
  command->add_option("RUN", options->folder, "Run folder")->required();
  command->add_flag("--json", options->json, "JSON instead of a table");
  command->footer("Example:\n  strffit status runs/fit");
  command->callback([options, &session] {
    session.command = [options] {
      const RunStatus status = run_status(options->folder);
      std::cout << (options->json ? to_json(status) + "\n" : to_text(to_report(status)));
    };
  });
}

}  // namespace strffit::app
