#include "commands/simulate.hpp"

#include <memory>

#include "commands.hpp"
#include "commands/simulate_recording.hpp"
#include "util/text.hpp"

namespace strffit::app {

void add_simulate(CLI::App& app, Session& session) {
  struct Options {
    SimulateOptions simulate;
    std::string out, recording;
    bool overwrite = false;
  };
  auto options = std::make_shared<Options>();
  auto& simulate = options->simulate;
  auto* command = app.add_subcommand("simulate", "Make a dataset or recording of known truth");
  const auto add = [command](const char* name, auto& value, const char* meaning) {
    return command->add_option(name, value, meaning)->capture_default_str();
  };
  auto* out = command->add_option("--out", options->out, "Dataset to write (HDF5), or");
  command
      ->add_option("--recording", options->recording, "folder to write: sounds, tables, a manifest")
      ->excludes(out);
  command->add_flag("--overwrite", options->overwrite, "Replace it");
  add("--units", simulate.units, "Neurons");
  add("--stimuli", simulate.stimuli, "Sounds: 70 % train, 15 % valid, 15 % test");
  add("--seconds", simulate.seconds, "Length of a sound");
  add("--bands", simulate.bands, "Frequency bands");
  add("--min-frequency", simulate.min_frequency_hz, "Hz, of the lowest band");
  add("--max-frequency", simulate.max_frequency_hz, "Hz, of the highest band");
  add("--dt", simulate.dt_ms, "ms, width of a frame");
  add("--trials", simulate.trials, "Repeats of each sound");
  add("--rate", simulate.rate_hz, "Spikes/s on average: more is less noise");
  add("--seed", simulate.seed, "Of the random numbers")->check(from_zero());
  command->footer("Example:\n  strffit simulate --out data.h5 --units 8 --trials 20");
  command->callback([options, &session] {
    if (options->out.empty() && options->recording.empty()) {
      throw CLI::RequiredError("--out or --recording");
    }
    session.command = [options, &session] {
      if (options->recording.empty()) {
        simulate_file(options->simulate, options->out, options->overwrite);
      } else {
        simulate_recording(options->simulate, options->recording, options->overwrite);
      }
      session.console.began(fmt::format(
          "{}: {}, {} of {} s", options->recording.empty() ? options->out : options->recording,
          counted(options->simulate.units, "unit"),
          counted(options->simulate.stimuli, "stimulus", "stimuli"), options->simulate.seconds));
    };
  });
}

}  // namespace strffit::app
