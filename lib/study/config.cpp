#include "study/config.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "config/kind.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

constexpr const char* kMaxEpochs = "fit.max_epochs";

OutputOptions read_output_options(config::Node& node, const std::string& default_folder,
                                  bool descends) {
  OutputOptions options;
  options.folder = node.get("folder", default_folder, "the run folder, made where it is missing");
  const std::string kept = node.choice("predictions", "test", {"none", "test", "all"},
                                       "stimuli whose predictions are written to the results");
  options.predictions = kept == "none"   ? KeepPredictions::none
                        : kept == "test" ? KeepPredictions::test
                                         : KeepPredictions::all;
  options.kernels =
      node.get("kernels", options.kernels, "write the receptive fields to the results");
  auto descent = only_for_gradient(descends, node);
  options.checkpoint_every =
      descent.get("checkpoint_every", options.checkpoint_every, config::at_least(0),
                  "seconds between two saved states for --resume; 0 saves after every epoch");
  return options;
}

bool counts(const std::string& path) {
  return !path.starts_with("run.") && !path.starts_with("output.") && path != "data.file";
}

// Returns the value of a key, or null if it is missing.
const std::string* find(const StoredConfig& stored, const std::string& path) {
  const auto found = std::find_if(stored.entries.begin(), stored.entries.end(),
                                  [&](const auto& entry) { return entry.path == path; });
  return found == stored.entries.end() ? nullptr : &found->value;
}

std::string shown(const std::string* value) { return value ? *value : "absent"; }

// Lists "fit.loss: mse, now poisson" for every key that `judged` accepts.
template <class Judged>
std::vector<std::string> changes_of(const StoredConfig& before, const StoredConfig& now,
                                    Judged&& judged) {
  std::vector<std::string> found;
  for (const auto& [path, value] : before.entries) {
    const std::string* other = find(now, path);
    if (other && *other == value) continue;
    if (const auto note = judged(path)) {
      found.push_back(path + ": " + value + ", now " + shown(other) + *note);
    }
  }
  for (const auto& [path, value] : now.entries) {
    if (find(before, path)) continue;
    if (const auto note = judged(path)) {
      found.push_back(path + ": absent, now " + value + *note);
    }
  }
  return found;
}

std::vector<Swept> read_sweep(config::Node& root) {
  auto sweep = root.alternatives("sweep",
                                 "keys of model and fit with the values that they take in turn, in "
                                 "every combination, such as {fit.weight_decay: [0, 1e-4]}");
  for (const auto& values : sweep) {
    const std::string& key = values.front().key;
    const bool taken = key == "model" || key.starts_with("model.") || key == "data.standardise" ||
                       (key.starts_with("fit.") && key != "fit.seeds" && key != "fit.mode");
    if (taken) continue;
    if (const std::string cure = root.cure_of(key); !cure.empty()) {
      throw ConfigError(values.front().where, "unknown key" + cure);
    }
    throw ConfigError(values.front().where,
                      "cannot be swept: settings are compared on the same data, by the same "
                      "members; model as a whole, its keys, those of fit but seeds and mode, and "
                      "data.standardise can");
  }
  return sweep;
}

// Marks the keys that have their default value. A file with every key at its default, as written by
// `init`, can then be given another model kind or solver on the command line. Only keys of `model`
// and `fit` have defaults that depend on other keys.
void mark_defaults(config::Document& document) {
  auto alone = document.with({}, "");
  config::Node root = alone.root();
  std::vector<std::string> suggested;
  try {
    config::Node model = root.map("model", ""), fit = root.map("fit", "");
    const auto spec = read_model(model);
    suggested = spec.recipe.suggested;
    read_fit_options(fit, spec);
  } catch (const ConfigError&) {
    // The command line may correct the error. If it does not, the full read reports it.
  }
  document.mark_defaults_of(alone, suggested);
}

}  // namespace

Config read_config(config::Document& document, const std::string& default_folder) {
  Config config;
  config::Node root = document.root();
  config::Node data = root.map("data", "what is fitted");
  config.data = read_data_options(data);
  config::Node model = config::map_with_kind(root, "model", "what it is fitted with");
  config.model = read_model(model);
  config::Node fit = root.map("fit", "how it is fitted");
  config.fit = read_fit_options(fit, config.model);
  const bool descends = config.fit.solver == Solver::gradient;
  config::Node output = root.map("output", "what is written");
  config.output = read_output_options(output, default_folder, descends);
  config::Node run = root.map("run", "hardware and threads; they affect results by rounding only");
  config.run = read_run_options(run);
  config.sweep = read_sweep(root);
  const auto& split = config.data.split;
  if (!descends && split.outer == 0 && !document.of_sweep()) {
    auto nothing = fit.only_if(false,
                               "of a closed form (solver: ridge) decides only between the settings "
                               "of a sweep and of nested folds; leave it out");
    read_monitor(nothing);
  }
  root.finish();
  if (config.fit.refit && (split.folds != 0 || split.outer != 0 || !config.sweep.empty())) {
    fit.fail("refit",
             "a refit learns from the validation stimuli, by which folds are scored and the "
             "settings of a sweep compared: leave out data.folds, data.nested and sweep, or refit "
             "the setting that was chosen in a run of its own");
  }
  return config;
}

config::Document open_config(const std::string& path, const std::vector<std::string>& assignments) {
  auto document = config::Document::from_file(path);
  mark_defaults(document);
  for (const auto& assignment : assignments) document.set(assignment);
  return document;
}

std::string default_run_folder(const std::string& config_path) {
  return "runs/" + std::filesystem::path(config_path).stem().string();
}

std::vector<std::string> differences(const StoredConfig& before, const StoredConfig& now,
                                     bool may_raise) {
  const bool raised = may_raise && now.config.fit.max_epochs > before.config.fit.max_epochs;
  return changes_of(before, now, [&](const std::string& path) -> std::optional<std::string> {
    if (!counts(path)) return std::nullopt;
    if (!raised || path != kMaxEpochs) return "";
    if (now.config.fit.schedule != Schedule::cosine) return std::nullopt;
    return ", which the cosine schedule depends on";
  });
}

std::vector<std::string> all_differences(const StoredConfig& before, const StoredConfig& now) {
  return changes_of(before, now,
                    [](const std::string&) -> std::optional<std::string> { return ""; });
}

std::vector<std::string> differences_in(const std::vector<std::string>& paths,
                                        const StoredConfig& before, const StoredConfig& now) {
  return changes_of(before, now, [&](const std::string& path) -> std::optional<std::string> {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) return std::nullopt;
    return "";
  });
}

}  // namespace strffit
