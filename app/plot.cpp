#include "commands/plot.hpp"

#include <iostream>
#include <memory>
#include <string>

#include "commands.hpp"
#include "signals.hpp"

namespace strffit::app {

namespace {

// Names of the figures, broken into lines that fit a terminal.
std::string names_in_lines() {
  constexpr std::size_t kWidth = 78;
  std::string text;
  std::size_t width = std::string("Figures: ").size();
  for (const auto& name : plot_names()) {
    const bool first = text.empty();
    if (width + name.size() + 2 > kWidth) {
      text += ",\n  ";
      width = 2;
    } else if (!first) {
      text += ", ";
    }
    text += name;
    width += name.size() + 2;
  }
  return text;
}

}  // namespace

void add_plot(CLI::App& app, Session& session) {
  auto options = std::make_shared<PlotRequest>();
  auto& request = *options;
  auto* command = app.add_subcommand("plot", "Draw one kind of figure of a run");
  command->add_option("RUN", request.paths, "Run folder or checkpoint (several: compare)")
      ->required();
  command->add_option("--what", request.what, "Which figure")->required()->type_name("NAME");
  command->add_option("--units", request.units, "Ids (default: best, median and worst, or all)");
  command->add_option("--sounds", request.sounds, "Keys (default: those of the test split)");
  command->add_option("--against", request.against, "Fact or metric, for score-against")
      ->type_name("NAME");
  command->add_option("--metric", request.metric, "Score that is shown")->capture_default_str();
  command->add_option("--sort", request.sort, "Of a contact sheet: score or dataset")
      ->capture_default_str();
  command->add_option("--pages", request.pages, "Of a contact sheet, at most")
      ->capture_default_str();
  command->add_option("--weights", request.weights, "Of receptive fields: per_sd or raw")
      ->capture_default_str();
  command->add_option("--out", request.out, "Folder (default: figures in RUN)");
  command->add_option("--format", request.format, "png, svg or pdf")->capture_default_str();
  command->add_option("--width-mm", request.width_mm, "Width (default: 85 or 183, by figure)")
      ->type_name("MM");
  command->add_option("--data", request.data, "Dataset (default: what was fitted)");
  add_run_options(*command, request.device, request.threads);
  command->footer(
      "Figures: " + names_in_lines() +
      "\nExample:\n  strffit plot runs/fit --what response --format svg --width-mm 120");
  command->callback([options, &session] {
    session.command = [options, &session] {
      stop_on_signals();
      const PlotOutcome outcome = plot_run(*options, session.console);
      for (const auto& note : outcome.notes) session.console.began(note);
      for (const auto& file : outcome.files) std::cout << file << '\n';
    };
  });
}

}  // namespace strffit::app
