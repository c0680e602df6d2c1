// The whole configuration of a run, read from YAML.
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
  std::string folder;
  KeepPredictions predictions = KeepPredictions::test;  // stimuli whose predictions are stored
  bool kernels = true;                                  // store STRFs in the results
  double checkpoint_every = 60;                         // seconds between checkpoints for resuming
};

// One key of a sweep with all its values.
using Swept = std::vector<config::Alternative>;

struct Config {
  DataOptions data;
  ModelSpec model;
  FitOptions fit;
  OutputOptions output;
  RunOptions run;
  std::vector<Swept> sweep;  // every combination of values is a setting
};

// Reads, checks and documents every key. `default_folder`: the default of output.folder. Throws
// ConfigError.
Config read_config(config::Document& document, const std::string& default_folder);

// Reads a configuration file and applies the `key=value` assignments of the command line. Throws
// ConfigError.
config::Document open_config(const std::string& path, const std::vector<std::string>& assignments);

// Default run folder of a configuration file: "runs/fit" for "my/fit.yaml".
std::string default_run_folder(const std::string& config_path);

// A configuration that was read back: checked values, and each key with its final value as text.
struct StoredConfig {
  Config config;
  std::vector<config::Entry> entries;
};

// Lists the differences between two configurations that change the outcome of a fit, one per key:
// "fit.loss: mse, now poisson". Ignores `run`, `output` and data.file, because only the content of
// the data matters. Also ignores a larger fit.max_epochs if `may_raise`.
std::vector<std::string> differences(const StoredConfig& before, const StoredConfig& now,
                                     bool may_raise = true);

// Lists all differences, also those of `run`, `output` and data.file.
std::vector<std::string> all_differences(const StoredConfig& before, const StoredConfig& now);

// Lists the differences in these keys only, for instance "run.threads".
std::vector<std::string> differences_in(const std::vector<std::string>& paths,
                                        const StoredConfig& before, const StoredConfig& now);

}  // namespace strffit
