// `eval` of runs with a sweep or nested folds.
#include <algorithm>
#include <cmath>
#include <set>

#include "commands/chosen.hpp"
#include "commands/evaluate.hpp"
#include "config/document.hpp"
#include "dataset/options.hpp"
#include "dataset/units.hpp"
#include "evaluation/fitted.hpp"
#include "formats/average_file.hpp"
#include "model/model.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

Evaluation begun_nested_evaluation(const RunStudy& run) {
  const StudyFile& study = run.study;
  const Roster& roster = study.roster;
  auto document = config::Document::from_text(study.config, run.file + ": / attribute config");
  config::Node data = document.root().map("data", "");
  const DataOptions options = read_data_options(data);
  Evaluation evaluation;
  evaluation.checkpoint = run.file;
  evaluation.data = study.provenance.dataset;
  evaluation.split = "test";
  evaluation.model = roster.settings.contains("model") || roster.settings.contains("model.kind")
                         ? "chosen"
                         : document.root().map("model", "").choice("kind", "", model_kinds(), "");
  evaluation.stimuli = -1;
  evaluation.protocol = {study.provenance.dataset_sha256,
                         roster.axes.dt_ms,
                         options.smooth_ms,
                         {},  // all of the dataset
                         roster.unit_ids,
                         options.split.outer};
  return evaluation;
}

namespace {

// The scores of study.h5: one for each unit and outer fold, of the models chosen there.
Evaluation nested_evaluation(const RunStudy& run, const EvalRequest& request) {
  const Roster& roster = run.study.roster;
  const Nested& nested = *run.study.nested;
  Evaluation evaluation = begun_nested_evaluation(run);
  evaluation.outer = nested.setting.dim(0);
  evaluation.by = request.by;
  evaluation.several_folds = evaluation.outer > 1;
  evaluation.chosen = fmt::format(
      "nested cross-validation: in each of {} outer folds the mean of the models that its inner "
      "folds have chosen predicts its stimuli",
      evaluation.outer);
  std::set<std::int64_t> wanted;
  if (request.units.empty()) {
    for (std::int64_t unit = 0; unit < roster.units(); ++unit) wanted.insert(unit);
  } else {
    const auto some =
        select_units({request.units, "--units"}, roster.unit_ids, roster.unit_facts, run.file);
    wanted = {some.begin(), some.end()};
  }
  for (std::int64_t outer = 0; outer < evaluation.outer; ++outer) {
    for (const auto unit : wanted) {
      UnitScore score;
      score.unit = roster.unit_ids[static_cast<std::size_t>(unit)];
      score.fold = outer;
      const auto place = outer * roster.units() + unit;
      for (const auto& metric : kUnitMetrics) {
        const auto found = nested.metrics.find(std::string(metric.name));
        if (found != nested.metrics.end()) {
          score.metrics.*metric.value = found->second.values.at(static_cast<std::size_t>(place));
        }
      }
      const auto setting = nested.setting.values.at(static_cast<std::size_t>(place));
      score.setting = std::max<std::int64_t>(0, setting);
      if (setting < 0) score.why = "not fitted";
      if (setting >= 0 && std::isnan(score.metrics.cc)) {
        score.why = "constant response or prediction in an outer fold";
      }
      evaluation.scores.push_back(std::move(score));
    }
  }
  evaluation.units_of_file = roster.units();
  summarise_units(evaluation);
  return evaluation;
}

}  // namespace

Evaluation evaluate_run(const EvalRequest& request, Observer& observer) {
  run_options(request.device, request.threads);  // refused before a file is opened
  if (!average_file_of(request.path).empty()) return evaluate(request, observer);
  const auto run = study_of(request.path);
  const bool by_study = run && run->study.nested && request.split == "test" &&
                        request.data.empty() && request.null == 0 &&
                        (request.by == EvalBy::unit || request.by == EvalBy::member);
  if (by_study) return nested_evaluation(*run, request);
  const ChosenMembers chosen = chosen_members(request.path);
  Evaluation evaluation = evaluate_members(chosen.checkpoint, request, observer);
  evaluation.chosen = chosen.note;
  return evaluation;
}

}  // namespace strffit
