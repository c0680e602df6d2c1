#include "commands/import.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "util/errors.hpp"

namespace strffit::app {

void add_import(CLI::App& app, Session& session) {
  struct Options {
    ImportRequest request;
    bool check = false, draft = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("import", "Make a dataset of a recording's own files");
  auto& request = options->request;
  command->add_option("MANIFEST", request.manifest, "YAML; with --draft a folder or file")
      ->required();
  command->add_option("--out", request.out, "Dataset to write");
  command->add_flag("--check", options->check, "Say what would be written; write nothing");
  command->add_flag("--draft", options->draft, "Print a manifest for a folder or file");
  command->add_flag("--overwrite", request.overwrite, "Replace the dataset");
  auto* plot =
      command->add_option("--plot", request.plot, "Folder for the raster and the lag figure");
  command->add_option("--format", request.format, "png, svg or pdf")
      ->capture_default_str()
      ->needs(plot);
  command->footer("Example:\n  strffit import --draft FOLDER > FOLDER/recording.yaml");
  command->callback([options, &session] {
    session.command = [options, &session] {
      const auto& asked = options->request;
      const int ways =
          (options->check ? 1 : 0) + (options->draft ? 1 : 0) + (asked.out.empty() ? 0 : 1);
      if (ways != 1) {
        throw ConfigError("", "one of --draft, --check and --out FILE says what to do: give " +
                                  std::string(ways == 0 ? "one" : "no other"));
      }
      if (asked.overwrite && asked.out.empty()) {
        throw ConfigError("", "--overwrite goes with --out");
      }
      if (options->draft) {
        if (!asked.plot.empty()) throw ConfigError("", "--plot goes with --check or --out");
        std::cout << draft_import(asked.manifest);
        return;
      }
      const Imported imported = import_recording(asked, session.console);
      if (options->check) {
        std::cout << to_text(imported.report);
        if (!imported.figures.empty()) std::cout << "\n" << imported.figures;
        for (const auto& file : imported.files) std::cout << "drawn: " << file << "\n";
        return;
      }
      for (const auto& note : imported.report.notes) session.console.warning(note);
      std::cout << to_text({{imported.report.tables.front()}, {}});
    };
  });
}

}  // namespace strffit::app
