#include "run/evaluate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "run/fitted.hpp"
#include "run/run_folder.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

// The metrics that need at least two trials, SP to cc_max in models.md.
constexpr std::array<double UnitMetrics::*, 5> kNeedTrials = {
    &UnitMetrics::signal_power, &UnitMetrics::noise_power, &UnitMetrics::spe, &UnitMetrics::cc_norm,
    &UnitMetrics::cc_max};

// Why metrics are NaN, the plainest reason first; "" where none is.
std::string why_undefined(const UnitMetrics& metrics, bool counts) {
  if (std::isnan(metrics.mse)) return "no response in this split";
  if (std::isnan(metrics.cc)) return "constant response or prediction";
  if (std::isnan(metrics.signal_power)) return "noise-corrected metrics need 2 trials without gaps";
  if (!(metrics.signal_power > 0)) return "signal power not above 0: the trials share no response";
  const bool missing = std::any_of(kNeedTrials.begin(), kNeedTrials.end(),
                                   [&](auto metric) { return std::isnan(metrics.*metric); });
  if (missing) return "halves of the trials do not correlate";
  if (counts && std::isnan(metrics.bits_per_spike)) return "no spikes";
  return "";
}

std::vector<ScoredSeries> chosen_series(const Checkpoint& checkpoint, const Dataset& dataset,
                                        const DataOptions& options, const std::string& split) {
  if (split == "all") return series_of_all(checkpoint.roster, dataset);
  const auto name = split_named(split);
  if (!name) {
    throw ConfigError("--split", "expected train, valid, test or all; found \"" + split + "\"");
  }
  const auto parts = partitions(dataset, options.split);
  for (const auto& member : checkpoint.roster.members) {
    if (member.fold < static_cast<std::int64_t>(parts.size())) continue;
    throw DataError(checkpoint.file, "/members/fold",
                    "expected folds below " + std::to_string(parts.size()) +
                        ", as data.folds of its config says; found " + std::to_string(member.fold));
  }
  auto series = *name == SplitName::valid && parts.size() > 1
                    ? series_of_folds(checkpoint.roster, parts)
                    : series_of_members(checkpoint.roster, parts, *name);
  if (std::all_of(series.begin(), series.end(), [](const auto& s) { return s.stimuli.empty(); })) {
    throw DataError(dataset.file, "",
                    "no stimulus is in the split " + split + "; --split all takes every stimulus");
  }
  return series;
}

std::string reason(const Roster& roster, std::int64_t unit, const UnitMetrics& metrics,
                   bool counts) {
  for (const auto& skipped : roster.skipped) {
    if (skipped.unit == unit) return "not fitted: " + skipped.reason;
  }
  return why_undefined(metrics, counts);
}

nlohmann::json value(double number) {
  return std::isfinite(number) ? nlohmann::json(number) : nlohmann::json();
}

std::vector<std::string> labels(const Evaluation& evaluation, const UnitScore& score) {
  std::vector<std::string> cells = {score.unit};
  if (evaluation.several_seeds) cells.push_back(std::to_string(score.seed));
  if (evaluation.several_folds) {
    cells.push_back(score.fold < 0 ? "all" : std::to_string(score.fold));
  }
  return cells;
}

std::vector<std::string> label_header(const Evaluation& evaluation) {
  std::vector<std::string> header = {"unit"};
  if (evaluation.several_seeds) header.push_back("seed");
  if (evaluation.several_folds) header.push_back("fold");
  for (const auto& metric : kUnitMetrics) header.emplace_back(metric.name);
  return header;
}

struct SummaryRow {
  const char* name;
  double Summary::*value;
};
constexpr std::array<SummaryRow, 4> kSummaryRows = {{{"mean", &Summary::mean},
                                                     {"lower quartile", &Summary::lower_quartile},
                                                     {"median", &Summary::median},
                                                     {"upper quartile", &Summary::upper_quartile}}};

}  // namespace

Evaluation evaluate(const EvalRequest& request, Observer& observer) {
  const RunOptions run = run_options(request.device, request.threads);
  const Checkpoint checkpoint = read_checkpoint(checkpoint_of(request.path));
  const Roster& roster = checkpoint.roster;
  const std::string file = request.data.empty() ? dataset_of(checkpoint) : request.data;
  Dataset dataset = read_units_of(checkpoint, file);
  const bool other =
      !checkpoint.dataset_sha256.empty() && checkpoint.dataset_sha256 != dataset.sha256;
  if (other) {
    observer.warning(file + " is not the file that " + checkpoint.file +
                     " was fitted to (another sha256): its splits need not be those of the fit");
  }
  const DataOptions options = data_options_of(checkpoint);
  const bool counts = dataset.counts && options.smooth_ms == 0;
  if (options.smooth_ms > 0) smooth(dataset, options.smooth_ms);

  Evaluation result{
      checkpoint.file, file, request.split, checkpoint.model->kind(), 0, false, false, {}, {}};
  const auto series = chosen_series(checkpoint, dataset, options, request.split);
  const ScoringData data{&dataset, places_of_units(checkpoint, dataset), options.smooth_ms > 0,
                         run};
  const auto metrics = score(checkpoint, data, series);
  std::set<std::size_t> stimuli;
  const auto outputs = static_cast<std::size_t>(roster.outputs());
  for (std::size_t i = 0; i < series.size(); ++i) {
    const ScoredSeries& one = series[i];
    stimuli.insert(one.stimuli.begin(), one.stimuli.end());
    result.several_seeds = result.several_seeds || one.seed != series.front().seed;
    result.several_folds = result.several_folds || one.fold != series.front().fold;
    for (std::size_t n = 0; n < outputs; ++n) {
      const std::int64_t unit = one.unit >= 0 ? one.unit : static_cast<std::int64_t>(n);
      const UnitMetrics& found = metrics[i * outputs + n];
      result.scores.push_back({roster.unit_ids[static_cast<std::size_t>(unit)], one.seed, one.fold,
                               found, reason(roster, unit, found, counts)});
    }
  }
  // Units without a member are rows as well: nobody should have to count to miss them.
  if (roster.independent()) {
    for (const auto& skipped : roster.skipped) {
      result.scores.push_back({roster.unit_ids[static_cast<std::size_t>(skipped.unit)],
                               series.front().seed, series.front().fold, UnitMetrics{},
                               "not fitted: " + skipped.reason});
    }
  }
  result.stimuli = static_cast<std::int64_t>(stimuli.size());
  for (const auto& metric : kUnitMetrics) {
    std::vector<double> values;
    for (const auto& score : result.scores) values.push_back(score.metrics.*metric.value);
    result.summary.push_back(summarise(values));
  }
  return result;
}

Table to_table(const Evaluation& evaluation) {
  Table table{"", label_header(evaluation), {}};
  table.header.emplace_back("why_undefined");
  for (const auto& score : evaluation.scores) {
    auto row = labels(evaluation, score);
    for (const auto& metric : kUnitMetrics) {
      const double found = score.metrics.*metric.value;
      row.push_back(std::isnan(found) ? "" : nlohmann::json(found).dump());
    }
    row.push_back(score.why);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Report to_report(const Evaluation& evaluation) {
  Report report;
  Table scores{evaluation.model + " on the " + evaluation.split + " stimuli (" +
                   std::to_string(evaluation.stimuli) + ") of " + evaluation.data,
               label_header(evaluation),
               {}};
  for (const auto& score : evaluation.scores) {
    auto row = labels(evaluation, score);
    for (const auto& metric : kUnitMetrics) row.push_back(score_text(score.metrics.*metric.value));
    scores.rows.push_back(std::move(row));
  }
  const std::size_t label_columns = scores.header.size() - kUnitMetrics.size();
  const auto add = [&](const std::string& name, auto value_of) {
    std::vector<std::string> row(label_columns);
    row[0] = name;
    for (const auto& summary : evaluation.summary) row.push_back(value_of(summary));
    scores.rows.push_back(std::move(row));
  };
  for (const auto& [name, value] : kSummaryRows) {
    add(name, [value = value](const Summary& summary) { return score_text(summary.*value); });
  }
  add("left out", [](const Summary& summary) { return std::to_string(summary.left_out); });
  report.tables.push_back(std::move(scores));

  std::map<std::string, std::set<std::string>> reasons;
  for (const auto& score : evaluation.scores) {
    if (!score.why.empty()) reasons[score.why].insert(score.unit);
  }
  for (const auto& [why, units] : reasons) {
    std::string line = "undefined (" + why + "):";
    for (const auto& unit : units) line += " " + unit;
    report.notes.push_back(line);
  }
  return report;
}

std::string to_json(const Evaluation& evaluation) {
  nlohmann::ordered_json json = {{"checkpoint", evaluation.checkpoint},
                                 {"data", evaluation.data},
                                 {"model", evaluation.model},
                                 {"split", evaluation.split},
                                 {"stimuli", evaluation.stimuli}};
  auto& scores = json["scores"] = nlohmann::ordered_json::array();
  for (const auto& score : evaluation.scores) {
    nlohmann::ordered_json one = {{"unit", score.unit}, {"seed", score.seed}};
    one["fold"] = score.fold < 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(score.fold);
    for (const auto& metric : kUnitMetrics) {
      one[std::string(metric.name)] = value(score.metrics.*metric.value);
    }
    if (!score.why.empty()) one["why_undefined"] = score.why;
    scores.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < kUnitMetrics.size(); ++i) {
    const Summary& summary = evaluation.summary[i];
    json["summary"][std::string(kUnitMetrics[i].name)] = {
        {"mean", value(summary.mean)},
        {"median", value(summary.median)},
        {"lower_quartile", value(summary.lower_quartile)},
        {"upper_quartile", value(summary.upper_quartile)},
        {"count", summary.count},
        {"left_out", summary.left_out}};
  }
  return json.dump(2);
}

}  // namespace strffit
