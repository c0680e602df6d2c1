#include "commands/best.hpp"

#include <algorithm>
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

}  // namespace

BestOutcome cut_to_best(const BestRequest& request) {
  const RunPaths paths{request.run};
  if (!std::filesystem::exists(paths.study())) {
    throw ConfigError(
        request.run, "expected the folder of a finished run with a sweep; found no study.h5 in it");
  }
  const StudyFile study = read_study_file(paths.study());
  const Roster& roster = study.roster;
  if (roster.settings.empty()) {
    throw ConfigError(request.run, "has one setting only: there is nothing to choose from");
  }
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
  const auto ensembles = *std::max_element(study.ensemble_of.begin(), study.ensemble_of.end()) + 1;
  BestOutcome outcome;
  for (std::int64_t e = 0; e < ensembles; ++e) {
    if (!request.per_unit && study.ensemble_of[static_cast<std::size_t>(best)] != e) continue;
    const std::string name = ensemble_name(e);
    const Checkpoint all = read_checkpoint(
        ensembles == 1 ? paths.checkpoint() : ensemble_paths(request.run, name).checkpoint());
    std::vector<std::int64_t> members;
    for (std::size_t m = 0; m < all.roster.members.size(); ++m) {
      const Member& member = all.roster.members[m];
      const auto wanted =
          request.per_unit ? study.choice.unit.at(static_cast<std::size_t>(member.unit)) : best;
      if (member.setting == wanted) members.push_back(static_cast<std::int64_t>(m));
    }
    if (members.empty()) continue;
    Checkpoint cut = all;
    static_cast<FittedModel&>(cut) = all.select(members);
    std::filesystem::path out = request.out;
    if (!request.per_unit) {
      cut.config = config_of(all, best);
      cut.roster.settings.clear();
      for (auto& member : cut.roster.members) member.setting = 0;
      for (const auto& [key, values] : roster.settings) {
        outcome.values.push_back(key + ": " + values[static_cast<std::size_t>(best)]);
      }
    } else if (ensembles > 1) {
      out.replace_filename(out.stem().string() + "-" + name + out.extension().string());
    }
    refuse_to_replace(out.string(), "strffit-checkpoint");
    write_checkpoint(out.string(), cut);
    outcome.files.push_back({out.string(), static_cast<std::int64_t>(members.size())});
  }
  return outcome;
}

}  // namespace strffit
