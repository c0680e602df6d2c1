#include "commands/best.hpp"

#include <memory>

#include "commands.hpp"

namespace strffit::app {

void add_best(CLI::App& app, Session& session) {
  auto request = std::make_shared<BestRequest>();
  auto* command = app.add_subcommand("best", "Cut a sweep down to its best setting");
  command->add_option("RUN", request->run, "Run folder of a sweep")->required();
  command->add_option("--out", request->out, "Checkpoint to write")->required();
  command->add_flag("--per-unit", request->per_unit, "The best setting of each unit");
  command->footer("Example:\n  strffit best runs/sweep --out best.h5");
  command->callback([request, &session] {
    session.command = [request, &session] {
      const BestOutcome outcome = cut_to_best(*request);
      for (const auto& value : outcome.values) session.console.began(value);
      for (const auto& file : outcome.files) {
        session.console.began(fmt::format("{}: {} members", file.path, file.members));
      }
    };
  });
}

}  // namespace strffit::app
