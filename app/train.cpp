#include "commands/train.hpp"

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "commands/train_report.hpp"
#include "signals.hpp"

namespace strffit::app {

namespace {

struct Options {
  TrainRequest request;
  std::string out, device;
  std::int64_t threads = 0;
  bool dry_run = false, json = false;
};

// The flags are keys of the config like any other.
void assign_flags(Options& options) {
  auto& assignments = options.request.assignments;
  if (!options.out.empty()) assignments.push_back("output.folder=" + yaml_text(options.out));
  if (!options.device.empty()) assignments.push_back("run.device=" + yaml_text(options.device));
  if (options.threads != 0) {
    assignments.push_back("run.threads=" + std::to_string(options.threads));
  }
}

void plan(const Options& options, Session& session) {
  const DryRun found = dry_run(options.request, session.console);
  std::cout << (options.json ? to_json(found) + "\n" : to_text(to_report(found)));
}

void train(const Options& options, Session& session) {
  stop_on_signals();
  const TrainOutcome outcome = train_run(options.request, session.console);
  if (outcome.was_finished) {
    session.console.began(outcome.folder +
                          " holds a finished run of this configuration: nothing to do");
  }
  std::cout << (options.json ? to_json(outcome) + "\n" : to_text(to_report(outcome)));
}

}  // namespace

CLI::Validator from_zero() {
  const auto refusal = [](const std::string& text) -> std::string {
    constexpr std::size_t kMostDigits = 18;
    const bool whole = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (whole && text.size() <= kMostDigits) return "";
    return "expected a whole number from 0 on, of 18 digits at most; found " + text;
  };
  return {refusal, ""};
}

std::string yaml_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  result += '"';
  return result;
}

void add_train(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("train", "Fit the models of a config");
  command->add_option("CONFIG", options->request.config, "YAML file")->required();
  command->add_option("KEY=VALUE", options->request.assignments, "Keys of the config to set");
  command->add_option("--out", options->out, "Run folder (default: output.folder)");
  command->add_option("--device", options->device, "cpu, cuda or auto (default: run.device)");
  command->add_option("--threads", options->threads, "Threads (default: run.threads)");
  auto* resume = command->add_flag("--resume", options->request.resume,
                                   "Go on with an unfinished run of the folder");
  command->add_flag("--overwrite", options->request.overwrite, "Replace the run of the folder")
      ->excludes(resume);
  command->add_option("--shard", options->request.shard,
                      "Fit one of N shares of the members, as 3/8");
  command->add_flag("--dry-run", options->dry_run, "Print what it will take, and fit nothing");
  command->add_flag("--json", options->json, "JSON instead of tables");
  command->footer("Example:\n  strffit train fit.yaml model.context=20 --out runs/context20");
  command->callback([options, &session] {
    session.command = [options, &session] {
      assign_flags(*options);
      options->request.command_line = session.command_line;
      options->dry_run ? plan(*options, session) : train(*options, session);
    };
  });
}

}  // namespace strffit::app
