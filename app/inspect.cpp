#include "commands/inspect.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "terminal.hpp"

namespace strffit::app {

void add_inspect(CLI::App& app, Session& session) {
  struct Options {
    std::string path;
    bool json = false, wide = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("inspect", "Say what a file holds and whether it is sound");
  command->add_option("FILE", options->path, "Dataset, checkpoint, results or run folder")
      ->required();
  command->add_flag("--wide", options->wide, "All columns, however wide the terminal");
  command->add_flag("--json", options->json, "JSON instead of tables");
  command->footer("Example:\n  strffit inspect data.h5");
  command->callback([options, &session] {
    session.command = [options] {
      const Inspection inspection = inspect(options->path);
      std::cout << (options->json ? inspection.json + "\n"
                                  : to_text(inspection.report, output_layout(options->wide)));
    };
  });
}

}  // namespace strffit::app
