#include "commands/merge.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"

namespace strffit::app {

void add_merge(CLI::App& app, Session& session) {
  struct Options {
    MergeRequest request;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("merge", "Join the shards of a run");
  command->add_option("RUN", options->request.run, "Run folder with shards")->required();
  command->add_flag("--json", options->json, "JSON instead of tables");
  command->footer("Example:\n  strffit merge runs/fit");
  command->callback([options, &session] {
    session.command = [options, &session] {
      options->request.command_line = session.command_line;
      const MergeOutcome outcome = merge_run(options->request, session.console);
      std::cout << (options->json ? to_json(outcome) + "\n" : to_text(to_report(outcome)));
    };
  });
}

}  // namespace strffit::app
