#include <iostream>
#include <memory>

#include "commands.hpp"
#include "commands/evaluate.hpp"
#include "terminal.hpp"

namespace strffit::app {

void add_eval(CLI::App& app, Session& session) {
  struct Options {
    EvalRequest request;
    EvalView view;
    std::string by = "unit";
    bool json = false, csv = false, wide = false;
  };
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  auto* command = app.add_subcommand("eval", "Score the predictions of fitted models");
  command->add_option("RUN", request.path, "Run folder, checkpoint or study.h5")->required();
  command->add_option("--data", request.data, "Dataset (default: what was fitted)");
  command->add_option("--split", request.split, "train, valid, test or all")->capture_default_str();
  command->add_option("--null", request.null, "Draws of a null distribution (p, q values)")
      ->check(CLI::Range(std::int64_t{1}, kMostNullDraws).description(""))
      ->type_name("N");
  command->add_option("--null-seed", request.null_seed, "Of the draws")
      ->check(from_zero())
      ->capture_default_str();
  command->add_option("--by", options->by, "A row each: unit, member, sound or category")
      ->capture_default_str();
  command->add_option("--units", request.units, "As data.units has them (default: all)")
      ->delimiter(',');
  command->add_option("--metrics", options->view.metrics, "Which, in this order (default: all)")
      ->delimiter(',');
  command->add_option("--sort", options->view.sort, "By a metric, best first, or by unit");
  command->add_flag("--summary", options->view.summary, "The summary over units alone");
  command->add_flag("--wide", options->wide, "All columns, however wide the terminal");
  add_run_options(*command, request.device, request.threads);
  auto* json = command->add_flag("--json", options->json, "JSON instead of a table");
  command->add_flag("--csv", options->csv, "CSV instead of a table")->excludes(json);
  command->footer("Example:\n  strffit eval runs/fit --split valid --csv > scores.csv");
  command->callback([options, &session] {
    session.command = [options, &session] {
      options->request.by = eval_by(options->by);
      for (const auto& name : options->view.metrics) metric_named(name, "--metrics");
      if (const auto& sort = options->view.sort; !sort.empty() && sort != "unit") {
        metric_named(sort, "--sort");
      }
      const Evaluation evaluation = evaluate_run(options->request, session.console);
      const EvalView& view = options->view;
      std::cout << (options->json ? to_json(evaluation, view) + "\n"
                    : options->csv
                        ? to_csv(to_table(evaluation, view))
                        : to_text(to_report(evaluation, view), output_layout(options->wide)));
    };
  });
}

}  // namespace strffit::app
