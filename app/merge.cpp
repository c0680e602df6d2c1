#include "run/merge.hpp"

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
  command->add_flag("--json", options->json, "JSON on the standard output");
  command->footer("Example:\n  strffit merge runs/fit");
  command->callback([options, &session] {
    session.command = [options, &session] {
      options->request.command_line = session.command_line;
      const MergeOutcome outcome = merge_run(options->request, session.console);
      session.console.began(fmt::format("{}: {} members of {} shards", outcome.folder,
                                        outcome.members, outcome.shards));
      if (options->json) std::cout << to_json(outcome) << "\n";
    };
  });
}

}  // namespace strffit::app
