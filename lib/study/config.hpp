// The whole configuration of a run, from YAML.
#pragma once

#include <string>
#include <vector>

#include "config/document.hpp"
#include "dataset/options.hpp"
#include "model/model.hpp"
#include "training/options.hpp"

namespace strffit {

enum class KeepPredictions { none, test, all };

struct OutputOptions {
  std::string folder;                                   // the run folder
  KeepPredictions predictions = KeepPredictions::test;  // of which stimuli
  bool kernels = true;                                  // receptive fields in the results
  double checkpoint_every = 60;                         // seconds between states to resume from
};

// A key with the values that it takes in turn.
using Swept = std::vector<config::Alternative>;

struct Config {
  DataOptions data;
  ModelSpec model;
  FitOptions fit;
  OutputOptions output;
  RunOptions run;
  std::vector<Swept> sweep;  // every combination is a setting
};

// Reads, checks and documents every key. `default_folder`: of output.folder. ConfigError.
Config read_config(config::Document& document, const std::string& default_folder);

// A configuration file with the `key=value` of the command line over it.
config::Document open_config(const std::string& path, const std::vector<std::string>& assignments);

// "runs/fit" for "my/fit.yaml".
std::string default_run_folder(const std::string& config_path);

// A configuration as it was read: checked and typed, and each of its keys with its final value.
struct StoredConfig {
  Config config;
  std::vector<config::Entry> entries;
};

// What differs between two configurations and changes the outcome of a fit, a line each:
// "fit.loss: mse, now poisson". Neither `run`, `output` and data.file (the content counts) nor a
// raised fit.max_epochs do, unless that is to count.
std::vector<std::string> differences(const StoredConfig& before, const StoredConfig& now,
                                     bool may_raise = true);

// Likewise everything that differs, `run`, `output` and data.file too.
std::vector<std::string> all_differences(const StoredConfig& before, const StoredConfig& now);

// Likewise what differs of these keys, such as "run.threads".
std::vector<std::string> differences_in(const std::vector<std::string>& paths,
                                        const StoredConfig& before, const StoredConfig& now);

}  // namespace strffit
