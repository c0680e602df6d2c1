#include "commands/import.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "util/errors.hpp"

namespace strffit::app {

void add_import(CLI::App& app, Session& session) {
  struct Options {
    std::string path, out;
    bool check = false, draft = false, overwrite = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("import", "Make a dataset of a recording's own files");
  command->add_option("MANIFEST", options->path, "YAML; with --draft a folder or file")->required();
  command->add_option("--out", options->out, "Dataset to write");
  command->add_flag("--check", options->check, "Say what would be written; write nothing");
  command->add_flag("--draft", options->draft, "Print a manifest for a folder or file");
  command->add_flag("--overwrite", options->overwrite, "Replace the dataset");
  command->footer("Example:\n  strffit import --draft FOLDER > FOLDER/recording.yaml");
  command->callback([options, &session] {
    session.command = [options, &session] {
      const int ways =
          (options->check ? 1 : 0) + (options->draft ? 1 : 0) + (options->out.empty() ? 0 : 1);
      if (ways != 1) {
        throw ConfigError("", "one of --draft, --check and --out FILE says what to do: give " +
                                  std::string(ways == 0 ? "one" : "no other"));
      }
      if (options->overwrite && options->out.empty()) {
        throw ConfigError("", "--overwrite goes with --out");
      }
      if (options->draft) {
        std::cout << draft_import(options->path);
        return;
      }
      const Imported imported =
          import_recording(options->path, options->out, options->overwrite, session.console);
      if (options->check) {
        std::cout << to_text(imported.report);
        if (!imported.figures.empty()) std::cout << "\n" << imported.figures;
        return;
      }
      for (const auto& note : imported.report.notes) session.console.warning(note);
      std::cout << to_text({{imported.report.tables.front()}, {}});
    };
  });
}

}  // namespace strffit::app
