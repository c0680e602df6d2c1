#include "commands/report.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "signals.hpp"

namespace strffit::app {

void add_report(CLI::App& app, Session& session) {
  auto request = std::make_shared<ReportRequest>();
  auto* command =
      app.add_subcommand("report", "Write a page that shows a run, or compares several");
  command->add_option("RUN", request->paths, "Run folders or checkpoints")->required();
  command->add_option("--out", request->out, "HTML file (default: report.html in RUN)");
  command->add_option("--units", request->units,
                      "Ids with figures (default: the 50 that tell most)");
  command->add_option("--data", request->data, "Dataset (default: what was fitted)");
  add_run_options(*command, request->device, request->threads);
  command->footer("Example:\n  strffit report runs/fit --out fit.html");
  command->callback([request, &session] {
    session.command = [request, &session] {
      stop_on_signals();
      std::cout << write_report(*request, session.console) << '\n';
    };
  });
}

}  // namespace strffit::app
