#include <iostream>
#include <memory>

#include "commands.hpp"
#include "commands/evaluate.hpp"

namespace strffit::app {

void add_eval(CLI::App& app, Session& session) {
  struct Options {
    EvalRequest request;
    bool json = false, csv = false;
  };
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  auto* command = app.add_subcommand("eval", "Score the predictions of fitted models");
  command->add_option("RUN", request.path, "Run folder or checkpoint")->required();
  command->add_option("--data", request.data, "Dataset (default: what was fitted)");
  command->add_option("--split", request.split, "train, valid, test or all")->capture_default_str();
  command->add_option("--null", request.null, "Draws of a null distribution (p, q values)")
      ->check(CLI::Range(std::int64_t{1}, kMostNullDraws))
      ->type_name("N");
  command->add_option("--null-seed", request.null_seed, "Of the draws")
      ->check(from_zero())
      ->capture_default_str();
  add_run_options(*command, request.device, request.threads);
  auto* json = command->add_flag("--json", options->json, "JSON instead of a table");
  command->add_flag("--csv", options->csv, "CSV instead of a table")->excludes(json);
  command->footer("Example:\n  strffit eval runs/fit --split valid --csv > scores.csv");
  command->callback([options, &session] {
    session.command = [options, &session] {
      const Evaluation evaluation = evaluate(options->request, session.console);
      std::cout << (options->json  ? to_json(evaluation) + "\n"
                    : options->csv ? to_csv(to_table(evaluation))
                                   : to_text(to_report(evaluation)));
    };
  });
}

}  // namespace strffit::app
