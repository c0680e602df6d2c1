#include "cluster/slurm.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "commands.hpp"

namespace strffit::app {

void add_slurm(CLI::App& app, Session& session) {
  struct Options {
    SlurmRequest request;
    std::string out;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  auto* command = app.add_subcommand("slurm", "Fit a config on a Slurm cluster, as a job array");
  command->add_option("CONFIG", request.config, "YAML file")->required();
  command->add_option("KEY=VALUE", request.assignments, "Keys of the config to set");
  command->add_option("--tasks", request.tasks, "Shards, an array task each")->required();
  command->add_option("--out", options->out, "Run folder (default: output.folder)");
  command->add_option("--cpus", request.cpus, "CPUs and threads of a task")->capture_default_str();
  command->add_option("--time", request.time, "Limit of a task, such as 12:00:00");
  command->add_option("--mem", request.mem, "Memory of a task, such as 8G");
  command->add_option("--gpus", request.gpus, "1, or a type such as a100:1: a GPU for each task");
  command->add_option("--partition", request.partition, "Partition");
  command->add_option("--account", request.account, "Account");
  command->add_option("--at-once", request.at_once, "Tasks of an array that may run together");
  command->add_option("--warn", request.warn, "Seconds before the limit at which a task saves")
      ->capture_default_str();
  command->add_option("--array-limit", request.array_limit, "The site's MaxArraySize")
      ->capture_default_str();
  command->add_option("--sbatch", request.sbatch, "A further option of sbatch; may be repeated")
      ->type_name("--OPTION=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--wrap", request.wrap, "Start it by this: \"apptainer exec strffit.sif\"");
  command->add_flag("--submit", request.submit, "Submit what is neither done nor queued");
  command->add_flag("--json", options->json, "JSON instead of a table");
  command->footer(
      "Example:\n  strffit slurm fit.yaml --tasks 20 --cpus 4 --time 4:00:00 --mem 8G --submit");
  command->callback([options, &session] {
    session.command = [options, &session] {
      auto& asked = options->request;
      if (!options->out.empty()) {
        asked.assignments.push_back("output.folder=" + yaml_text(options->out));
      }
      // A starting script (packaging/bundle) gives the path that jobs have to call.
      const char* named = std::getenv("STRFFIT_PROGRAM");
      asked.program = named != nullptr && *named != '\0'
                          ? named
                          : std::filesystem::read_symlink("/proc/self/exe").string();
      asked.command_line = session.command_line;
      const SlurmOutcome outcome = slurm_run(asked, session.console);
      std::cout << (options->json ? to_json(outcome) + "\n" : to_text(to_report(outcome)));
    };
  });
}

}  // namespace strffit::app
