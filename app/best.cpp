#include "commands/best.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "signals.hpp"

namespace strffit::app {

void add_best(CLI::App& app, Session& session) {
  auto options = std::make_shared<BestRequest>();
  auto* request = options.get();
  auto* command = app.add_subcommand("best", "Cut a sweep down to its best setting");
  command->add_option("RUN", request->run, "Run folder of a sweep")->required();
  command->add_option("--out", request->out, "Checkpoint to write; with --average a run folder")
      ->required();
  auto* per_unit =
      command->add_flag("--per-unit", request->per_unit, "The best setting of each unit");
  auto* average =
      command->add_option("--average", request->average, "So many of the best settings, averaged");
  average->check(CLI::Range(std::int64_t{2}, std::int64_t{1000}))
      ->type_name("K")
      ->excludes(per_unit);
  command->add_option("--weights", request->weights, "Of --average: equal, validation or numbers")
      ->capture_default_str()
      ->needs(average);
  add_run_options(*command, request->device, request->threads);
  command->footer("Example:\n  strffit best runs/sweep --out best.h5");
  command->callback([options, &session] {
    session.command = [options, &session] {
      stop_on_signals();
      options->command_line = session.command_line;
      if (options->average != 0) {
        std::cout << to_text(to_report(average_best(*options, session.console)));
        return;
      }
      const BestOutcome outcome = cut_to_best(*options);
      for (const auto& value : outcome.values) session.console.began(value);
      for (const auto& file : outcome.files) {
        session.console.began(fmt::format("{}: {} members", file.path, file.members));
      }
    };
  });
}

}  // namespace strffit::app
