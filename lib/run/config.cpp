#include "run/config.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <utility>

#include "util/errors.hpp"

namespace strffit {

namespace {

constexpr const char* kMaxEpochs = "fit.max_epochs";

OutputOptions read_output_options(config::Node& node, const std::string& default_folder) {
  OutputOptions options;
  options.folder = node.get("folder", default_folder, "the run folder, made where it is missing");
  const std::string kept = node.choice("predictions", "test", {"none", "test", "all"},
                                       "stimuli whose predictions the results hold");
  options.predictions = kept == "none"   ? KeepPredictions::none
                        : kept == "test" ? KeepPredictions::test
                                         : KeepPredictions::all;
  options.kernels = node.get("kernels", options.kernels, "the results hold the receptive fields");
  options.checkpoint_every =
      node.get("checkpoint_every", options.checkpoint_every, config::at_least(0),
               "seconds between two states to resume from; 0 is after every epoch");
  return options;
}

// Keys of a text of Document::resolved() with their values, by path, in its order.
std::vector<std::pair<std::string, std::string>> flattened(const std::string& resolved) {
  constexpr std::size_t kIndent = 2;
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<std::string> parents;
  std::istringstream lines(resolved);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t colon = line.find(':', start);
    if (colon == std::string::npos) continue;
    parents.resize(std::min(start / kIndent, parents.size()));
    parents.push_back(line.substr(start, colon - start));
    std::string path;
    for (const auto& parent : parents) path += (path.empty() ? "" : ".") + parent;
    // A mapping's own line has no value.
    if (colon + 2 < line.size()) keys.emplace_back(path, line.substr(colon + 2));
  }
  return keys;
}

bool counts(const std::string& path) {
  return !path.starts_with("run.") && !path.starts_with("output.") && path != "data.file";
}

std::string find(const std::vector<std::pair<std::string, std::string>>& keys,
                 const std::string& path) {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.first == path; });
  return found == keys.end() ? "" : found->second;
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

}  // namespace

Config read_config(config::Document& document, const std::string& default_folder) {
  Config config;
  config::Node root = document.root();
  config::Node data = root.map("data", "what is fitted");
  config.data = read_data_options(data);
  config::Node model = root.map("model", "what it is fitted with");
  config.model = read_model(model);
  config::Node fit = root.map("fit", "how it is fitted");
  config.fit = read_fit_options(fit, config.model);
  config::Node output = root.map("output", "what is written");
  config.output = read_output_options(output, default_folder);
  config::Node run = root.map("run", "what computes it; changes no result beyond rounding");
  config.run = read_run_options(run);
  config.sweep = read_sweep(root);
  root.finish();
  const auto& split = config.data.split;
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
  for (const auto& assignment : assignments) document.set(assignment);
  return document;
}

std::string default_run_folder(const std::string& config_path) {
  return "runs/" + std::filesystem::path(config_path).stem().string();
}

std::vector<std::string> differences(const std::string& resolved_before,
                                     const std::string& resolved_now, bool may_raise) {
  const auto before = flattened(resolved_before), now = flattened(resolved_now);
  std::vector<std::string> found;
  for (const auto& [path, value] : before) {
    const std::string other = find(now, path);
    if (!counts(path) || other == value) continue;
    if (may_raise && path == kMaxEpochs && !other.empty() &&
        std::stoll(other) > std::stoll(value)) {
      if (find(now, "fit.schedule") != "cosine") continue;
      found.push_back(path + ": " + value + ", now " + other +
                      ", which the cosine schedule depends on");
      continue;
    }
    found.push_back(path + ": " + value + ", now " + (other.empty() ? "absent" : other));
  }
  for (const auto& [path, value] : now) {
    if (counts(path) && find(before, path).empty()) {
      found.push_back(path + ": absent, now " + value);
    }
  }
  return found;
}

std::vector<std::string> all_differences(const std::string& resolved_before,
                                         const std::string& resolved_now) {
  const auto before = flattened(resolved_before), now = flattened(resolved_now);
  std::vector<std::string> found;
  for (const auto& [path, value] : before) {
    const std::string other = find(now, path);
    if (other == value) continue;
    found.push_back(path + ": " + value + ", now " + (other.empty() ? "absent" : other));
  }
  for (const auto& [path, value] : now) {
    if (find(before, path).empty()) found.push_back(path + ": absent, now " + value);
  }
  return found;
}

std::string resolved_text(const std::string& text, const std::string& name) {
  auto document = config::Document::from_text(text, name);
  const Config config = read_config(document, "");
  return config.sweep.empty() ? document.resolved() : text;
}

std::string value_in(const std::string& resolved, const std::string& path) {
  return find(flattened(resolved), path);
}

}  // namespace strffit
