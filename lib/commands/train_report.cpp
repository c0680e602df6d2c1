#include "commands/train_report.hpp"

#include <algorithm>
#include <cmath>

#include "files/json.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

Json study_json(const StudyOutcome& outcome) {
  Json json = Json::object();
  const Choice& choice = outcome.choice;
  if (!outcome.settings.empty()) {
    json["score"] = choice.score;
    json["best_setting"] = choice.best < 0 ? Json() : Json(choice.best);
    for (std::size_t s = 0; s < choice.valid.size(); ++s) {
      Json one = {{"setting", s}};
      for (const auto& [key, values] : outcome.settings) one["values"][key] = values[s];
      one["valid"] = json_number(choice.valid[s]);
      one["test"] = json_number(choice.test[s]);
      one["units"] =
          std::count(choice.unit.begin(), choice.unit.end(), static_cast<std::int64_t>(s));
      json["settings"].push_back(std::move(one));
    }
  }
  for (const auto& [name, of_units] : outcome.nested) {
    json["nested"][name] = {{"mean", json_number(of_units.first)},
                            {"standard_error", json_number(of_units.second)}};
  }
  return json;
}

Json scores_json(const SplitScores& split) {
  return {{"mean_cc", json_number(split.cc.mean)},
          {"median_cc", json_number(split.cc.median)},
          {"mean_cc_norm", json_number(split.cc_norm.mean)},
          {"median_cc_norm", json_number(split.cc_norm.median)},
          {"units", split.cc_norm.count},
          {"left_out", split.cc_norm.left_out}};
}

}  // namespace

Report to_report(const DryRun& run) {
  Table table{"what a run will take", {}, {}};
  const auto add = [&table](const std::string& name, const std::string& text) {
    table.rows.push_back({name, text});
  };
  add("model", run.model);
  add("units, stimuli", fmt::format("{}, {}", run.units, run.stimuli));
  add("members", fmt::format("{} ({} seeds, {}{} folds)", run.needs.members, run.seeds,
                             run.settings > 1 ? fmt::format("{} settings in {} ensembles, ",
                                                            run.settings, run.ensembles)
                                              : "",
                             run.folds > 0 ? std::to_string(run.folds) : std::string("no")));
  add("parameters",
      fmt::format("{} a member, {} in all", run.needs.parameters_per_member, run.needs.parameters));
  add("device", fmt::format("{}, {} threads, {} members at once", run.device, run.needs.threads,
                            run.needs.members_per_chunk));
  add("memory", number(run.needs.bytes / 1e6) + " MB at most");
  add("time",
      run.needs.seconds_per_epoch > 0
          ? fmt::format(
                "{} s an epoch, {} s for all {}", number(run.needs.seconds_per_epoch),
                number(run.needs.seconds_per_epoch * static_cast<double>(run.needs.max_epochs)),
                run.needs.max_epochs)
          : std::string("that of the closed form"));
  if (run.needs.seconds_closed_form > 0)
    add("closed form", "about " + number(run.needs.seconds_closed_form) + " s");
  return {{table}, {}};
}

Report to_report(const TrainOutcome& outcome) {
  Report report;
  if (outcome.was_finished) return report;
  Table table{"scores over units and members",
              {"split", "mean cc", "median cc", "mean cc_norm", "median cc_norm", "undefined"},
              {}};
  const auto add = [&table](const SplitScores& split, const std::string& name) {
    table.rows.push_back({name, score_text(split.cc.mean), score_text(split.cc.median),
                          score_text(split.cc_norm.mean), score_text(split.cc_norm.median),
                          std::to_string(split.cc_norm.left_out)});
  };
  for (const auto& split : outcome.scores) add(split, split.split);
  for (const auto& split : outcome.averaged) add(split, split.split + ", averaged");
  if (!outcome.scores.empty()) report.tables.push_back(std::move(table));
  if (outcome.study) {
    for (auto& more : to_report(*outcome.study).tables) report.tables.push_back(std::move(more));
  }
  report.notes.push_back(fmt::format("{}, {}, {} s; {} stopped early, {} failed",
                                     counted(outcome.members, "member"),
                                     counted(outcome.epochs, "epoch"), number(outcome.seconds),
                                     outcome.stopped_early, outcome.failed));
  report.notes.push_back("results in " + outcome.folder);
  return report;
}

Report to_report(const StudyOutcome& outcome) {
  Report report;
  const Choice& choice = outcome.choice;
  if (!outcome.settings.empty()) {
    Table table{"settings, by mean " + choice.score + " over units", {"setting"}, {}};
    for (const auto& [key, values] : outcome.settings) table.header.push_back(key);
    for (const char* name : {"valid", "test", "units", ""}) table.header.emplace_back(name);
    for (std::size_t s = 0; s < choice.valid.size(); ++s) {
      const auto setting = static_cast<std::int64_t>(s);
      std::vector<std::string> row = {std::to_string(s)};
      for (const auto& [key, values] : outcome.settings) row.push_back(values[s]);
      row.push_back(score_text(choice.valid[s]));
      row.push_back(score_text(choice.test[s]));
      row.push_back(std::to_string(std::count(choice.unit.begin(), choice.unit.end(), setting)));
      row.emplace_back(setting == choice.best ? "best" : "");
      table.rows.push_back(std::move(row));
    }
    report.tables.push_back(std::move(table));
  }
  if (!outcome.nested.empty()) {
    Table table{
        fmt::format("nested cross-validation: means over units and {} outer folds", outcome.outer),
        {"metric", "mean", "standard error"},
        {}};
    for (const auto& [name, of_units] : outcome.nested) {
      table.rows.push_back({name, score_text(of_units.first), score_text(of_units.second)});
    }
    report.tables.push_back(std::move(table));
  }
  return report;
}

std::string to_json(const DryRun& run) {
  return Json{{"model", run.model},
              {"device", run.device},
              {"threads", run.needs.threads},
              {"units", run.units},
              {"stimuli", run.stimuli},
              {"seeds", run.seeds},
              {"folds", run.folds},
              {"settings", run.settings},
              {"ensembles", run.ensembles},
              {"members", run.needs.members},
              {"parameters_per_member", run.needs.parameters_per_member},
              {"members_per_chunk", run.needs.members_per_chunk},
              {"max_epochs", run.needs.max_epochs},
              {"megabytes", run.needs.bytes / 1e6},
              {"seconds_per_epoch", run.needs.seconds_per_epoch},
              {"seconds_closed_form", run.needs.seconds_closed_form}}
      .dump(2);
}

std::string to_json(const TrainOutcome& outcome) {
  Json json = {{"folder", outcome.folder},
               {"was_finished", outcome.was_finished},
               {"epochs", outcome.epochs},
               {"members", outcome.members},
               {"stopped_early", outcome.stopped_early},
               {"failed", outcome.failed},
               {"seconds", outcome.seconds}};
  for (const auto& split : outcome.scores) json["scores"][split.split] = scores_json(split);
  for (const auto& split : outcome.averaged) json["averaged"][split.split] = scores_json(split);
  if (outcome.study) json.update(study_json(*outcome.study));
  return json.dump(2);
}

std::string to_json(const StudyOutcome& outcome) { return study_json(outcome).dump(2); }

}  // namespace strffit
