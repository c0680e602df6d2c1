#include "commands/compare.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "terminal.hpp"

namespace strffit::app {

void add_compare(CLI::App& app, Session& session) {
  struct Options {
    CompareRequest request;
    bool json = false, csv = false, wide = false;
  };
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  auto* command = app.add_subcommand("compare", "Compare runs, unit by unit, with the first");
  command->add_option("RUN", request.paths, "Run folders or checkpoints, two or more")->required();
  command->add_option("--data", request.data, "Dataset (default: what was fitted)");
  command->add_option("--split", request.split, "train, valid, test or all")->capture_default_str();
  command->add_option("--metric", request.metric, "As eval has them")->capture_default_str();
  command->add_flag("--averaged", request.averaged, "Score the mean of each run's members");
  command->add_option("--resamples", request.resamples, "Of the bootstrap")->capture_default_str();
  command->add_option("--seed", request.seed, "Of the bootstrap")
      ->check(from_zero())
      ->capture_default_str();
  auto* plot = command->add_option("--plot", request.plot, "Folder for a scatter plot per pair");
  command->add_option("--format", request.format, "png, svg or pdf")
      ->capture_default_str()
      ->needs(plot);
  add_run_options(*command, request.device, request.threads);
  command->add_flag("--wide", options->wide, "All columns, however wide the terminal");
  auto* json = command->add_flag("--json", options->json, "JSON instead of tables");
  command->add_flag("--csv", options->csv, "The scores as CSV instead of tables")->excludes(json);
  command->footer("Example:\n  strffit compare runs/linear runs/ln --plot figures");
  command->callback([options, &session] {
    session.command = [options, &session] {
      const Comparison comparison = compare_runs(options->request, session.console);
      std::cout << (options->json  ? to_json(comparison) + "\n"
                    : options->csv ? to_csv(to_table(comparison))
                                   : to_text(to_report(comparison), output_layout(options->wide)));
    };
  });
}

}  // namespace strffit::app
