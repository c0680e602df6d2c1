#include "commands/chosen.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <vector>

#include "config/document.hpp"
#include "dataset/options.hpp"
#include "study/run_folder.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

// "setting 3 (fit.weight_decay: 0.01)".
std::string setting_text(const Roster& roster, std::int64_t setting) {
  std::vector<std::string> values;
  for (const auto& [key, texts] : roster.settings) {
    values.push_back(key + ": " + texts.at(static_cast<std::size_t>(setting)));
  }
  return fmt::format("setting {} ({})", setting, listed(values, values.size()));
}

std::string checkpoint_of_setting(const RunStudy& run, std::int64_t setting) {
  const auto& ensemble_of = run.study.ensemble_of;
  const auto ensembles = *std::max_element(ensemble_of.begin(), ensemble_of.end()) + 1;
  if (ensembles == 1) return RunPaths{run.folder}.checkpoint();
  const auto name = ensemble_name(ensemble_of.at(static_cast<std::size_t>(setting)));
  return ensemble_paths(run.folder, name).checkpoint();
}

// Folds of `fold` are outer x inner, the inner fastest.
std::int64_t inner_folds(const RunStudy& run) {
  auto document = config::Document::from_text(run.study.config, run.file + ": / attribute config");
  config::Node data = document.root().map("data", "");
  return std::max<std::int64_t>(1, read_data_options(data).split.inner);
}

ChosenMembers cut(const RunStudy& run, std::int64_t any_setting,
                  const std::function<bool(const Member&)>& is_chosen) {
  ChosenMembers chosen;
  const Checkpoint all = read_checkpoint(checkpoint_of_setting(run, any_setting));
  std::vector<std::int64_t> members;
  for (std::size_t m = 0; m < all.roster.members.size(); ++m) {
    if (is_chosen(all.roster.members[m])) members.push_back(static_cast<std::int64_t>(m));
  }
  if (members.empty()) {
    throw DataError(all.file, "/members/setting", "no member has the setting that was chosen");
  }
  chosen.checkpoint = all;
  static_cast<FittedModel&>(chosen.checkpoint) = all.select(members);
  return chosen;
}

}  // namespace

std::optional<RunStudy> study_of(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::path given(path);
  RunStudy run;
  if (std::filesystem::is_directory(given, ignored)) {
    run.folder = path;
  } else if (given.filename() == "study.h5") {
    run.folder = given.has_parent_path() ? given.parent_path().string() : ".";
  } else {
    return std::nullopt;
  }
  run.file = RunPaths{run.folder}.study();
  if (!std::filesystem::exists(run.file, ignored)) return std::nullopt;
  run.study = read_study_file(run.file);
  return run;
}

ChosenMembers chosen_members(const std::string& path) {
  const auto run = study_of(path);
  if (!run) return {read_checkpoint(checkpoint_of(path)), ""};
  const StudyFile& study = run->study;
  const Roster& roster = study.roster;
  if (roster.settings.empty()) {
    return {read_checkpoint(RunPaths{run->folder}.checkpoint()), ""};
  }
  if (!study.nested) {
    const auto best = study.choice.best;
    if (best < 0) {
      throw DataError(
          run->file, "/best/setting",
          "no setting is marked as best: there were no validation stimuli to choose by; "
          "name the checkpoint.h5 of an ensemble, which holds all its settings");
    }
    ChosenMembers chosen =
        cut(*run, best, [best](const Member& member) { return member.setting == best; });
    chosen.note =
        fmt::format("{}, the best of {} by {} on the validation stimuli",
                    setting_text(roster, best), roster.number_of_settings(), study.choice.score);
    return chosen;
  }
  const auto& settings = study.nested->setting;  // (outer, N)
  std::set<std::int64_t> used, ensembles;
  for (const auto setting : settings.values) {
    if (setting < 0) continue;
    used.insert(setting);
    ensembles.insert(study.ensemble_of.at(static_cast<std::size_t>(setting)));
  }
  if (ensembles.size() != 1) {
    throw DataError(run->file, "/nested/setting",
                    "outer folds or units have chosen settings whose tensors differ in shape: name "
                    "the checkpoint.h5 of one ensemble");
  }
  const auto inner = inner_folds(*run);
  ChosenMembers chosen = cut(*run, *used.begin(), [&](const Member& member) {
    const auto outer = member.fold / inner;
    if (outer >= settings.dim(0)) return false;
    const auto* const of_fold = settings.data() + outer * settings.dim(1);
    if (member.unit >= 0) return of_fold[member.unit] == member.setting;
    return std::find(of_fold, of_fold + settings.dim(1), member.setting) !=
           of_fold + settings.dim(1);
  });
  std::vector<std::string> names;
  for (const auto setting : used) names.push_back(setting_text(roster, setting));
  chosen.note = fmt::format("what each outer fold has chosen: {}", listed(names));
  return chosen;
}

}  // namespace strffit
