#include "commands/predict.hpp"

#include <memory>

#include "commands.hpp"
#include "util/text.hpp"

namespace strffit::app {

void add_predict(CLI::App& app, Session& session) {
  auto request = std::make_shared<PredictRequest>();
  auto* command = app.add_subcommand("predict", "Predict responses to the sounds of a dataset");
  command->add_option("RUN", request->path, "Run folder or checkpoint")->required();
  command->add_option("--data", request->data, "Dataset whose stimuli are predicted")->required();
  command->add_option("--out", request->out, "File to write")->required();
  command->add_flag("--averaged", request->averaged, "The mean of the members alone");
  add_run_options(*command, request->device, request->threads);
  command->footer("Example:\n  strffit predict runs/fit --data sounds.h5 --out predictions.h5");
  command->callback([request, &session] {
    session.command = [request, &session] {
      request->command_line = session.command_line;
      const PredictOutcome outcome = predict_file(*request, session.console);
      session.console.began(
          fmt::format("{}: {}{}, {}, {}", outcome.out, outcome.averaged ? "mean of " : "",
                      counted(outcome.members, "member"), counted(outcome.units, "unit"),
                      counted(outcome.stimuli, "stimulus", "stimuli")));
    };
  });
}

}  // namespace strffit::app
