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

// A configuration's text from a file as the program would have written it, whatever its style:
// read, checked, every key with its value. `name`: of the file, for messages. One with a sweep,
// which leaves out what its settings do not share, stays as it is. ConfigError.
std::string resolved_text(const std::string& text, const std::string& name);

// What differs between two resolved configurations and changes the outcome of a fit, a line each:
// "fit.loss: mse, now poisson". Neither `run`, `output` and data.file (the content counts) nor a
// raised fit.max_epochs do, unless that is to count.
std::vector<std::string> differences(const std::string& resolved_before,
                                     const std::string& resolved_now, bool may_raise = true);

// Likewise everything that differs, `run`, `output` and data.file too.
std::vector<std::string> all_differences(const std::string& resolved_before,
                                         const std::string& resolved_now);

// The value of a key such as "run.threads" in a resolved configuration; "" where there is none.
std::string value_in(const std::string& resolved, const std::string& path);

}  // namespace strffit
