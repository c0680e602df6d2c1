#include "commands/export_strfs.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "signals.hpp"
#include "util/errors.hpp"

namespace strffit::app {

void add_export_strfs(CLI::App& app, Session& session) {
  struct Options {
    ExportRequest request;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  auto* command = app.add_subcommand("export-strfs", "Write and draw receptive fields");
  command->add_option("RUN", request.path, "Run folder, checkpoint or study.h5")->required();
  command->add_option("--out", request.out, "File to write (default: strfs.h5 in RUN)");
  auto* plot = command->add_option("--plot", request.plot,
                                   "Folder for a figure per unit and a contact sheet");
  auto* format =
      command->add_option("--format", request.format, "png, svg or pdf")->capture_default_str();
  format->needs(plot);
  command->add_flag("--gradient", request.gradient, "Gradient receptive fields too");
  command->add_option("--dynamic", request.dynamic, "Stimulus with one at every frame")
      ->type_name("KEY");
  command->add_option("--data", request.data, "Dataset for these two (default: what was fitted)");
  command->add_option("--weights", request.weights, "Shown: per_sd (per s.d. of the band) or raw")
      ->capture_default_str();
  command->add_option("--show", request.show, "In figures: member, mean or z (of seeds, folds)")
      ->capture_default_str();
  command->add_option("--truth", request.truth, "Simulated dataset to compare with");
  add_run_options(*command, request.device, request.threads);
  command->add_flag("--json", options->json, "JSON instead of a table");
  command->footer("Example:\n  strffit export-strfs runs/fit --plot figures --format pdf");
  command->callback([options, &session] {
    session.command = [options, &session] {
      stop_on_signals();
      const auto& asked = options->request;
      if (!asked.data.empty() && !asked.gradient && asked.dynamic.empty()) {
        throw ConfigError("--data",
                          "is for --gradient and --dynamic; leave it out, or add one of them");
      }
      if (asked.show != "member" && asked.plot.empty()) {
        throw ConfigError("--show", "is for figures: add --plot FOLDER, or leave it out");
      }
      options->request.command_line = session.command_line;
      const ExportOutcome outcome = export_strfs(options->request, session.console);
      std::cout << (options->json ? to_json(outcome) + "\n" : to_text(to_report(outcome)));
    };
  });
}

}  // namespace strffit::app
