#include "evaluation/fitted.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "config/document.hpp"
#include "config/suggest.hpp"
#include "files/paths.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

// The config of a checkpoint. Other programs may write a config without data.file; then the key
// gets a placeholder value.
config::Document open_config_of(const Checkpoint& checkpoint) {
  const std::string name = checkpoint.file + ": / attribute config";
  auto probe = config::Document::of_run(checkpoint.config, name);
  const bool named = probe.root().map("data", "").has("file");
  auto document = config::Document::of_run(checkpoint.config, name);
  if (!named) document.set("data.file=absent");
  return document;
}

std::string file_in_config(const Checkpoint& checkpoint) {
  auto document =
      config::Document::from_text(checkpoint.config, checkpoint.file + ": / attribute config");
  return document.root().map("data", "").get("file", "", "");
}

}  // namespace

std::string dataset_of(const Checkpoint& checkpoint) {
  const std::string named = file_in_config(checkpoint);
  if (named.empty() && checkpoint.dataset.empty()) {
    throw ConfigError(checkpoint.file,
                      "does not say what it was fitted to: name the dataset with --data FILE");
  }
  const auto folder = std::filesystem::path(checkpoint.file).parent_path().string();
  std::string found = found_file(named, {folder});
  if (!named.empty() && std::filesystem::exists(found)) return found;
  if (std::filesystem::exists(checkpoint.dataset)) return checkpoint.dataset;
  throw DataError(named.empty() ? checkpoint.dataset : named, "",
                  "no such file any more; say where the dataset of " + checkpoint.file +
                      " lies with --data FILE");
}

std::vector<std::int64_t> places_of_units(const Checkpoint& checkpoint, const Dataset& dataset) {
  std::map<std::string, std::int64_t> places;
  for (std::int64_t unit = 0; unit < dataset.units(); ++unit) {
    places[dataset.unit_ids[static_cast<std::size_t>(unit)]] = unit;
  }
  std::vector<std::int64_t> result;
  for (const auto& id : checkpoint.roster.unit_ids) {
    const auto place = places.find(id);
    if (place == places.end()) {
      throw DataError(dataset.file, "/units/id",
                      "expected the units of " + checkpoint.file + "; unit " + id + " is missing");
    }
    result.push_back(place->second);
  }
  return result;
}

Dataset read_units_of(const Checkpoint& checkpoint, const std::string& file,
                      const WantedStimuli& wanted) {
  const UnitSelection units{checkpoint.roster.unit_ids, "the units of " + checkpoint.file};
  bool found = false;
  try {
    return read_dataset(file, units, [&](const Dataset& known) {
      found = true;
      check_axes(checkpoint, known);
      return wanted(known);
    });
  } catch (const ConfigError& error) {
    if (found) throw;
    throw DataError(file, "/units/id", error.what());
  }
}

Dataset read_stimuli_for(const Checkpoint& checkpoint, const std::string& file,
                         Observer& observer) {
  Dataset dataset = read_dataset(file, {}, {}, Content::sounds);
  check_axes(checkpoint, dataset);
  if (!dataset.all_unit_ids.empty() && dataset.all_unit_ids != checkpoint.roster.unit_ids) {
    const auto& theirs = dataset.all_unit_ids;
    const auto absent = [&theirs](const std::string& id) {
      return std::find(theirs.begin(), theirs.end(), id) == theirs.end();
    };
    const auto& ours = checkpoint.roster.unit_ids;
    const auto missing = std::count_if(ours.begin(), ours.end(), absent);
    if (missing > 0) {
      observer.warning(
          fmt::format("{} of the {} units of {} are no units of {}; what is predicted is the "
                      "responses of the checkpoint's units",
                      missing, ours.size(), checkpoint.file, file));
    }
  }
  return dataset;
}

DataOptions data_options_of(const Checkpoint& checkpoint) {
  auto document = open_config_of(checkpoint);
  config::Node data = document.root().map("data", "");
  return read_data_options(data);
}

std::vector<Partition> partitions_of_fit(const Checkpoint& checkpoint, const Dataset& dataset) {
  if (checkpoint.dataset_sha256 != dataset.sha256) return {};
  Dataset recorded;  // the stimuli with responses; only these were in the fit
  recorded.file = dataset.file;
  std::vector<std::size_t> place;
  for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
    const Stimulus& stimulus = dataset.stimuli[s];
    const auto& absent = dataset.unrecorded;
    if (std::find(absent.begin(), absent.end(), stimulus.key) != absent.end()) continue;
    recorded.stimuli.push_back({stimulus.key, stimulus.name, stimulus.category, stimulus.split,
                                Array<float>(), Array<float>()});
    place.push_back(s);
  }
  auto parts = partitions(recorded, data_options_of(checkpoint).split);
  if (refitted(checkpoint)) parts = with_validation_in_training(std::move(parts));
  for (auto& part : parts) {
    for (auto* stimuli : {&part.train, &part.valid, &part.test, &part.unused}) {
      for (auto& s : *stimuli) s = place.at(s);
    }
  }
  require_folds(checkpoint, parts);
  return parts;
}

void require_folds(const Checkpoint& checkpoint, const std::vector<Partition>& parts) {
  for (const auto& member : checkpoint.roster.members) {
    if (member.fold < static_cast<std::int64_t>(parts.size())) continue;
    throw DataError(checkpoint.file, "/members/fold",
                    "expected folds below " + std::to_string(parts.size()) +
                        ", as data.folds of its config says; found " + std::to_string(member.fold));
  }
}

bool refitted(const Checkpoint& checkpoint) {
  auto document = open_config_of(checkpoint);
  return document.root().map("fit", "").get("refit", false, "");
}

void warn_of_unrecorded(const Dataset& dataset, Observer& observer) {
  constexpr std::size_t kShown = 5;
  const auto& keys = dataset.unrecorded;
  if (keys.empty()) return;
  std::string some;
  for (std::size_t i = 0; i < std::min(kShown, keys.size()); ++i) {
    some += (i == 0 ? "" : ", ") + keys[i];
  }
  observer.warning(fmt::format("{} stimuli of {} have no responses and are left out: {}{}",
                               keys.size(), dataset.file, some,
                               keys.size() > kShown ? ", ..." : ""));
}

std::size_t stimulus_of(const Dataset& dataset, const std::string& key) {
  std::vector<std::string> keys;
  for (const auto& stimulus : dataset.stimuli) keys.push_back(stimulus.key);
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found != keys.end()) return static_cast<std::size_t>(found - keys.begin());
  throw DataError(dataset.file, "/stimuli/" + key,
                  "no such stimulus" + config::did_you_mean(key, keys));
}

RunOptions run_options(const std::string& device, std::int64_t threads) {
  auto document = config::Document::from_text("", "command line");
  document.set("run.device=" + device);
  if (threads != 0) document.set(fmt::format("run.threads={}", threads));
  config::Node run = document.root().map("run", "");
  return read_run_options(run);
}

}  // namespace strffit
