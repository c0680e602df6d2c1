#include "commands/average.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "signals.hpp"

namespace strffit::app {

void add_average(CLI::App& app, Session& session) {
  struct Options {
    AverageRequest request;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  auto* command = app.add_subcommand("average", "Average the predictions of runs, as a run");
  command->add_option("RUN", request.runs, "Run folders or checkpoints, two or more")->required();
  command->add_option("--weights", request.weights, "equal, validation, or numbers: 0.65,0.35")
      ->capture_default_str();
  command->add_option("--out", request.out, "Run folder to write")->required();
  command->add_option("--data", request.data, "Dataset, where it has moved");
  add_run_options(*command, request.device, request.threads);
  command->add_flag("--json", options->json, "JSON instead of a table");
  command->footer("Example:\n  strffit average runs/statenet runs/dnet --out runs/both");
  command->callback([options, &session] {
    session.command = [options, &session] {
      stop_on_signals();
      options->request.command_line = session.command_line;
      const AverageOutcome outcome = average_runs(options->request, session.console);
      std::cout << (options->json ? to_json(outcome) + "\n" : to_text(to_report(outcome)));
    };
  });
}

}  // namespace strffit::app
