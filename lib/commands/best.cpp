#include "commands/best.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "formats/checkpoint.hpp"
#include "formats/study_file.hpp"
#include "study/config.hpp"
#include "study/run_folder.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

// The configuration of one setting of those that a checkpoint holds.
std::string config_of(const Checkpoint& checkpoint, std::int64_t setting) {
  auto document = config::Document::of_run(checkpoint.config, checkpoint.file);
  const Config config = read_config(document, "");
  Swept values;
  for (const auto& swept : config.sweep) {
    const auto& text =
        checkpoint.roster.settings.at(swept.front().key).at(static_cast<std::size_t>(setting));
    const auto found =
        std::find_if(swept.begin(), swept.end(), [&](const auto& one) { return one.text == text; });
    if (found == swept.end()) {
      throw DataError(checkpoint.file, "/settings/" + swept.front().key,
                      "expected a value of the sweep in its config; found " + text);
    }
    values.push_back(*found);
  }
  auto own = document.with(values, "sweep");
  read_config(own, "");
  return own.resolved();
}

std::int64_t ensembles_of(const StudyFile& study) {
  return *std::max_element(study.ensemble_of.begin(), study.ensemble_of.end()) + 1;
}

Checkpoint read_ensemble(const std::string& run, const StudyFile& study, std::int64_t ensemble) {
  const std::string folder = ensembles_of(study) == 1 ? "" : ensemble_name(ensemble);
  return read_checkpoint(ensemble_paths(run, folder).checkpoint());
}

// These members of a checkpoint.
Checkpoint with_members(const Checkpoint& all, const std::vector<std::int64_t>& members) {
  Checkpoint some = all;
  static_cast<FittedModel&>(some) = all.select(members);
  return some;
}

// The members of one setting, with its own configuration.
Checkpoint cut_to(const Checkpoint& all, std::int64_t setting) {
  std::vector<std::int64_t> members;
  for (std::size_t m = 0; m < all.roster.members.size(); ++m) {
    if (all.roster.members[m].setting == setting) members.push_back(static_cast<std::int64_t>(m));
  }
  Checkpoint cut = with_members(all, members);
  cut.config = config_of(all, setting);
  cut.roster.settings.clear();
  for (auto& member : cut.roster.members) member.setting = 0;
  return cut;
}

// The sweep of a run folder. ConfigError where it has none.
StudyFile read_sweep(const std::string& run) {
  const RunPaths paths{run};
  if (!std::filesystem::exists(paths.study())) {
    throw ConfigError(
        run, "expected the folder of a finished run with a sweep; found no study.h5 in it");
  }
  StudyFile study = read_study_file(paths.study());
  if (study.roster.settings.empty()) {
    throw ConfigError(run, "has one setting only: there is nothing to choose from");
  }
  return study;
}

}  // namespace

BestOutcome cut_to_best(const BestRequest& request) {
  const RunPaths paths{request.run};
  const StudyFile study = read_sweep(request.run);
  const Roster& roster = study.roster;
  const auto best = study.choice.best;
  if (best < 0) {
    throw DataError(paths.study(), "/best/setting",
                    "no setting is marked: there were no validation stimuli to choose by");
  }
  if (request.per_unit && !roster.independent()) {
    throw ConfigError("--per-unit",
                      "a member of this run predicts all units (fit.mode: population), so one "
                      "setting is best for all: leave this out");
  }
  BestOutcome outcome;
  const auto ensembles = ensembles_of(study);
  const auto keep = [&](const std::string& file, const Checkpoint& cut) {
    refuse_to_replace(file, "strffit-checkpoint");
    write_checkpoint(file, cut);
    outcome.files.push_back({file, cut.members()});
  };
  if (!request.per_unit) {
    const auto own = study.ensemble_of[static_cast<std::size_t>(best)];
    keep(request.out, cut_to(read_ensemble(request.run, study, own), best));
    for (const auto& [key, values] : roster.settings) {
      outcome.values.push_back(key + ": " + values[static_cast<std::size_t>(best)]);
    }
    return outcome;
  }
  for (std::int64_t e = 0; e < ensembles; ++e) {
    const Checkpoint all = read_ensemble(request.run, study, e);
    std::vector<std::int64_t> members;
    for (std::size_t m = 0; m < all.roster.members.size(); ++m) {
      const Member& member = all.roster.members[m];
      const auto wanted = study.choice.unit.at(static_cast<std::size_t>(member.unit));
      if (member.setting == wanted) members.push_back(static_cast<std::int64_t>(m));
    }
    if (members.empty()) continue;
    std::filesystem::path out = request.out;
    if (ensembles > 1) {
      out.replace_filename(out.stem().string() + "-" + ensemble_name(e) + out.extension().string());
    }
    keep(out.string(), with_members(all, members));
  }
  return outcome;
}

AverageOutcome average_best(const BestRequest& request, Observer& observer) {
  const StudyFile study = read_sweep(request.run);
  const auto& valid = study.choice.valid;
  std::vector<std::int64_t> order;
  for (std::size_t s = 0; s < valid.size(); ++s) {
    if (std::isfinite(valid[s])) order.push_back(static_cast<std::int64_t>(s));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return valid[static_cast<std::size_t>(a)] > valid[static_cast<std::size_t>(b)];
  });
  if (request.average < 2 || request.average > static_cast<std::int64_t>(order.size())) {
    throw ConfigError(
        "--average", "expected from 2 settings to the " + std::to_string(order.size()) +
                         " that have a validation score; found " + std::to_string(request.average));
  }
  order.resize(static_cast<std::size_t>(request.average));
  std::vector<RunToAverage> runs;
  for (const auto setting : order) {
    std::string name = request.run + ", setting " + std::to_string(setting);
    std::string values;
    for (const auto& [key, texts] : study.roster.settings) {
      values +=
          (values.empty() ? ": " : ", ") + key + " " + texts[static_cast<std::size_t>(setting)];
    }
    RunToAverage& run = runs.emplace_back(RunToAverage{name + values, {}, {1}});
    const auto ensemble = study.ensemble_of.at(static_cast<std::size_t>(setting));
    run.parts.push_back(cut_to(read_ensemble(request.run, study, ensemble), setting));
  }
  return average_of_runs(
      runs,
      {{}, request.weights, request.out, "", request.device, request.threads, request.command_line},
      observer);
}

}  // namespace strffit
