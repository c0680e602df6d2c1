// The commands, a file each: options in, a call of the library, a table or JSON out.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "console.hpp"

namespace strffit::app {

// What a command gets and leaves.
struct Session {
  std::string command_line;
  Console console;
  std::function<void()> command;  // set by whichever subcommand was given
};

void add_init(CLI::App& app, Session& session);
void add_train(CLI::App& app, Session& session);
void add_eval(CLI::App& app, Session& session);
void add_compare(CLI::App& app, Session& session);
void add_predict(CLI::App& app, Session& session);
void add_export_strfs(CLI::App& app, Session& session);
void add_plot(CLI::App& app, Session& session);
void add_report(CLI::App& app, Session& session);
void add_merge(CLI::App& app, Session& session);
void add_best(CLI::App& app, Session& session);
void add_average(CLI::App& app, Session& session);
void add_inspect(CLI::App& app, Session& session);
void add_slurm(CLI::App& app, Session& session);
void add_status(CLI::App& app, Session& session);
void add_simulate(CLI::App& app, Session& session);
void add_import(CLI::App& app, Session& session);
void add_config(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);

// Refuses what is no whole number from 0 on, and what would not fit into 64 bits.
CLI::Validator from_zero();

// A text as the value of a `key=value`, whatever is in it.
std::string yaml_text(const std::string& text);

// --quiet and --verbose.
void add_volume_options(CLI::App& command, Session& session);

// --device and --threads, which several commands have.
void add_run_options(CLI::App& command, std::string& device, std::int64_t& threads);

}  // namespace strffit::app
