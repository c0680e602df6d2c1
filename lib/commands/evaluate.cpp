#include "commands/evaluate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "evaluation/average_run.hpp"
#include "evaluation/averaging.hpp"
#include "evaluation/fitted.hpp"
#include "metrics/significance.hpp"
#include "metrics/statistics.hpp"
#include "model/output.hpp"
#include "study/run_folder.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

// The metrics that need at least two trials, SP to cc_max in models.md.
constexpr std::array<double UnitMetrics::*, 5> kNeedTrials = {
    &UnitMetrics::signal_power, &UnitMetrics::noise_power, &UnitMetrics::spe, &UnitMetrics::cc_norm,
    &UnitMetrics::cc_max};

// Returns why metrics are NaN, the simplest reason first; "" if no metric is NaN.
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

// True if a list in data.split names one of these stimuli.
bool names_some(const SplitLists& lists, const Dataset& dataset) {
  for (const auto* words : {&lists.train, &lists.valid, &lists.test}) {
    for (const auto& word : *words) {
      for (const Stimulus& stimulus : dataset.stimuli) {
        if (!word.empty() && (stimulus.key == word || stimulus.category == word)) return true;
      }
    }
  }
  return false;
}

// True if this is another file than the fitted one, as far as a checkpoint says.
bool is_other_file(const Checkpoint& checkpoint, const Dataset& dataset) {
  return checkpoint.dataset_sha256 != dataset.sha256;
}

// The partitions of the fit. In another file, lists that name none of its stimuli give way to its
// own split attributes.
std::vector<Partition> scored_partitions(const Checkpoint& checkpoint, const Dataset& dataset,
                                         SplitOptions options, SplitName name) {
  const bool other = is_other_file(checkpoint, dataset);
  const auto* lists = std::get_if<SplitLists>(&options.by);
  if (other && lists != nullptr && !names_some(*lists, dataset)) options.by = SplitFromFile{};
  const auto says = [](const Stimulus& stimulus) { return stimulus.split.has_value(); };
  if (std::holds_alternative<SplitFromFile>(options.by) && options.outer == 0 &&
      std::none_of(dataset.stimuli.begin(), dataset.stimuli.end(), says)) {
    throw DataError(dataset.file, "",
                    "no stimulus says which split it is in; --split all scores every stimulus");
  }
  // All folds share the stimuli that test, which need not be enough for as many folds.
  const std::int64_t folds = options.folds;
  if (name == SplitName::test) options.folds = 0;
  try {
    auto parts = partitions(dataset, options);
    if (name == SplitName::test && folds > 0) {
      parts.assign(static_cast<std::size_t>(folds), Partition(parts.front()));
    }
    return parts;
  } catch (const ConfigError& error) {
    if (!other) throw;
    throw ConfigError(
        "", error.what() + std::string("; --split all scores every stimulus of ") + dataset.file);
  }
}

// The chosen predictions: `series` for single members, `parts` and `averages` for means over
// members.
struct ChosenSeries {
  std::vector<ScoredSeries> series;
  std::vector<Partition> parts;  // empty: no member saw any stimulus
  Averages averages = Averages::unseen;
};

ChosenSeries chosen_series(const Checkpoint& checkpoint, const Dataset& dataset,
                           const DataOptions& options, const std::string& split) {
  if (split == "all") {
    return {series_of_all(checkpoint.roster, dataset), partitions_of_fit(checkpoint, dataset)};
  }
  const auto name = split_named(split);
  if (!name) {
    throw ConfigError("--split", "expected train, valid, test or all; found \"" + split + "\"");
  }
  auto parts = scored_partitions(checkpoint, dataset, options.split, *name);
  const std::string found = describe(parts.front());
  if (refitted(checkpoint)) parts = with_validation_in_training(std::move(parts));
  require_folds(checkpoint, parts);
  // A stimulus is validation in several nested folds, so there is no single prediction to join.
  const bool joins = parts.size() > 1 && options.split.outer == 0;
  auto series = *name == SplitName::valid && joins
                    ? series_of_folds(checkpoint.roster, parts)
                    : series_of_members(checkpoint.roster, parts, *name);
  if (std::all_of(series.begin(), series.end(), [](const auto& s) { return s.stimuli.empty(); })) {
    throw DataError(dataset.file, "",
                    "no stimulus is in the split " + split + " (there are " + found + ")" +
                        (refitted(checkpoint) && *name == SplitName::valid
                             ? ", because fit.refit has trained on its stimuli too"
                             : "") +
                        "; --split all takes every stimulus");
  }
  return {std::move(series), std::move(parts), averages_of(*name)};
}

std::string reason(const Roster& roster, std::int64_t unit, const UnitMetrics& metrics,
                   bool counts) {
  for (const auto& skipped : roster.skipped) {
    if (skipped.unit == unit) return "not fitted: " + skipped.reason;
  }
  return why_undefined(metrics, counts);
}

constexpr double kMoreThanContextMs = 100;  // by which responses are shifted at least

// `context`: frames that a model looks back.
NullOptions null_options(const EvalRequest& request, std::int64_t context, const Dataset& dataset,
                         const std::vector<ScoredSeries>& series) {
  NullOptions options;
  if (request.null < 0 || request.null > kMostNullDraws) {
    throw ConfigError("--null", fmt::format("expected from 1 to {} draws; found {}", kMostNullDraws,
                                            request.null));
  }
  options.draws = request.null;
  options.seed = static_cast<std::uint64_t>(request.null_seed);
  options.min_shift =
      context + static_cast<std::int64_t>(std::ceil(kMoreThanContextMs / dataset.axes.dt_ms));
  if (options.draws == 0) return options;
  for (const auto& one : series) {
    std::vector<std::int64_t> frames;
    for (const auto s : one.stimuli) {
      const Stimulus& stimulus = dataset.stimuli[s];
      frames.push_back(stimulus.frames());
      if (frames.back() >= 2 * options.min_shift) continue;
      throw ConfigError(
          "--null",
          fmt::format(
              "stimulus {} has {} frames: to shift its responses by at least {} (context and 100 "
              "ms) both ways takes twice as many; there is no null distribution for it",
              stimulus.key, frames.back(), options.min_shift));
    }
    const double possible = null_shifts(options, frames);
    if (static_cast<double>(options.draws) <= possible) continue;
    throw ConfigError(
        "--null",
        fmt::format(
            "only {} different shifts of these stimuli are possible; ask for at most as many draws",
            static_cast<std::int64_t>(possible)));
  }
  return options;
}

// q-values over the units of each seed, fold and setting: each is a study of its own.
void add_false_discovery_rates(std::vector<UnitScore>& scores) {
  std::map<std::array<std::int64_t, 3>, std::vector<std::size_t>> studies;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    studies[{scores[i].seed, scores[i].fold, scores[i].setting}].push_back(i);
  }
  for (const auto& [study, places] : studies) {
    std::vector<double> p;
    for (const auto i : places) p.push_back(scores[i].null.p);
    const auto q = false_discovery_rates(p);
    for (std::size_t k = 0; k < places.size(); ++k) scores[places[k]].q = q[k];
  }
}

std::vector<Summary> summary_of(const std::vector<UnitScore>& scores) {
  std::vector<Summary> summary;
  for (const auto& metric : kUnitMetrics) {
    std::vector<double> values;
    for (const auto& score : scores) values.push_back(score.metrics.*metric.value);
    summary.push_back(summarise(values));
  }
  return summary;
}

// Warns if the dataset is not the fitted one.
void warn_of_other_file(const Checkpoint& checkpoint, const Dataset& dataset,
                        const DataOptions& options, const std::string& split, Observer& observer) {
  if (!checkpoint.dataset_sha256.empty() && is_other_file(checkpoint, dataset)) {
    observer.warning(dataset.file + " is not the file that " + checkpoint.file +
                     " was fitted to (another sha256): its splits need not be those of the fit" +
                     (split != "all" && std::holds_alternative<SplitFractions>(options.split.by)
                          ? ", because data.split draws them at random; --split all scores every "
                            "stimulus"
                          : ""));
  }
}

// The scores of the means of members.
AveragedScores averaged_scores(const Checkpoint& checkpoint, const ScoringData& data,
                               const ChosenSeries& chosen, const NullOptions& null, bool counts) {
  const Roster& roster = checkpoint.roster;
  Average average = average_of(checkpoint, chosen.parts);
  std::erase_if(average.groups, [](const AverageGroup& group) { return group.fold >= 0; });
  NullTest test{null, {}};
  const auto metrics =
      score_average(average, data, chosen.averages, null.draws > 0 ? &test : nullptr);
  AveragedScores averaged;
  const auto members = averages_in(roster).members;  // (S, A, N), of each fold behind that of all
  averaged.members = *std::max_element(members.values.begin(), members.values.end());
  averaged.of_folds = chosen.parts.size() > 1 &&
                      (chosen.averages == Averages::valid || chosen.averages == Averages::unseen);
  const auto units = static_cast<std::size_t>(roster.units());
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const auto unit = static_cast<std::int64_t>(i % units);
    // A unit may have members with one setting only; one that was fitted with none has a row.
    const auto place = static_cast<std::int64_t>(i / units) * members.dim(1) * members.dim(2);
    const bool skipped = std::any_of(roster.skipped.begin(), roster.skipped.end(),
                                     [unit](const SkippedUnit& one) { return one.unit == unit; });
    if (members.data()[place + unit] == 0 && !(skipped && i < units)) continue;
    UnitScore score;
    score.unit = roster.unit_ids[i % units];
    score.fold = -1;
    score.metrics = metrics[i];
    score.why = reason(roster, unit, metrics[i], counts);
    if (null.draws > 0) score.null = test.scores[i];
    score.setting = average.groups[i / units].setting;
    averaged.scores.push_back(std::move(score));
  }
  if (null.draws > 0) add_false_discovery_rates(averaged.scores);
  return averaged;
}

Protocol protocol_of(const Checkpoint& checkpoint, const Dataset& dataset, double smooth_ms,
                     const std::set<std::size_t>& stimuli) {
  Protocol protocol{dataset.sha256, dataset.axes.dt_ms, smooth_ms, {}, checkpoint.roster.unit_ids};
  for (const auto s : stimuli) protocol.stimuli.push_back(dataset.stimuli[s].key);
  return protocol;
}

// The series cut into one for each group of stimuli, and the group of each.
std::pair<std::vector<ScoredSeries>, std::vector<std::string>> grouped(
    const std::vector<ScoredSeries>& series, const Dataset& dataset, EvalBy by) {
  std::vector<ScoredSeries> parts;
  std::vector<std::string> groups;
  for (const auto& whole : series) {
    std::map<std::string, ScoredSeries> of_group;
    for (std::size_t i = 0; i < whole.stimuli.size(); ++i) {
      const Stimulus& stimulus = dataset.stimuli[whole.stimuli[i]];
      const std::string group = by == EvalBy::sound         ? stimulus.key
                                : stimulus.category.empty() ? "(no category)"
                                                            : stimulus.category;
      const auto [found, is_new] = of_group.try_emplace(group);
      ScoredSeries& part = found->second;
      if (is_new) part = {whole.unit, whole.seed, whole.fold, {}, {}, whole.setting};
      part.stimuli.push_back(whole.stimuli[i]);
      part.member.push_back(whole.member[i]);
    }
    for (auto& [group, part] : of_group) {
      parts.push_back(std::move(part));
      groups.push_back(group);
    }
  }
  return {std::move(parts), std::move(groups)};
}

// Removes the scores of units that were not asked for.
void keep_units(Evaluation& evaluation, const EvalRequest& request, const Dataset& dataset) {
  evaluation.units_of_file = static_cast<std::int64_t>(evaluation.protocol.units.size());
  if (request.units.empty()) return;
  std::set<std::string> wanted;
  for (const auto unit : select_units({request.units, "--units"}, dataset.unit_ids,
                                      dataset.unit_facts, dataset.file)) {
    wanted.insert(dataset.unit_ids[static_cast<std::size_t>(unit)]);
  }
  const auto unwanted = [&](const UnitScore& score) { return !wanted.contains(score.unit); };
  std::erase_if(evaluation.scores, unwanted);
  if (evaluation.averaged) std::erase_if(evaluation.averaged->scores, unwanted);
  if (evaluation.scores.empty()) {
    throw ConfigError("--units", "no unit of " + evaluation.checkpoint + " is among them");
  }
}

// The stimuli that the parts of an average of runs predict, and the members that predict them.
struct ChosenOfParts {
  std::vector<std::vector<Partition>> partitions;  // of each part
  Averages averages = Averages::unseen;
  std::set<std::size_t> stimuli;  // scored
  std::set<std::size_t> any;      // that some part predicts
};

ChosenOfParts chosen_of_parts(const AverageRun& run, const Dataset& known,
                              const std::string& split) {
  ChosenOfParts chosen;
  for (const auto& part : run.parts) {
    check_axes(part, known);
    const auto own = chosen_series(part, known, data_options_of(part), split);
    std::set<std::size_t> stimuli;
    for (const auto& one : own.series) stimuli.insert(one.stimuli.begin(), one.stimuli.end());
    chosen.any.insert(stimuli.begin(), stimuli.end());
    if (chosen.partitions.empty()) chosen.stimuli = stimuli;
    std::erase_if(chosen.stimuli, [&](std::size_t s) { return !stimuli.contains(s); });
    chosen.partitions.push_back(own.parts);
    chosen.averages = own.averages;
  }
  return chosen;
}

// The dataset for scoring. Its responses are smoothed like those of the fit.
struct ScoredData {
  std::string file;
  DataOptions options;
  Dataset dataset;
  bool counts = false;

  bool smoothed() const { return options.smooth_ms > 0; }
};

// `wanted`: the stimuli to read, given the options of the fit.
ScoredData read_scored(
    const Checkpoint& checkpoint, const EvalRequest& request, Observer& observer,
    const std::function<std::set<std::size_t>(const Dataset&, const DataOptions&)>& wanted) {
  ScoredData scored{request.data.empty() ? dataset_of(checkpoint) : request.data,
                    data_options_of(checkpoint),
                    {}};
  scored.dataset = read_units_of(
      checkpoint, scored.file, [&](const Dataset& known) { return wanted(known, scored.options); });
  warn_of_unrecorded(scored.dataset, observer);
  warn_of_other_file(checkpoint, scored.dataset, scored.options, request.split, observer);
  scored.counts = scored.dataset.counts && !scored.smoothed();
  if (scored.smoothed()) smooth(scored.dataset, scored.options.smooth_ms);
  return scored;
}

Evaluation begun_evaluation(const std::string& checkpoint, const ScoredData& scored,
                            const EvalRequest& request, const std::string& model) {
  Evaluation result;
  result.checkpoint = checkpoint;
  result.data = scored.file;
  result.split = request.split;
  result.by = request.by;
  result.model = model;
  return result;
}

// An average of runs is scored as one member that predicts all units.
Evaluation evaluate_average(const std::string& path, const EvalRequest& request,
                            Observer& observer) {
  if (request.by == EvalBy::sound || request.by == EvalBy::category) {
    throw ConfigError("--by", "an average of runs has scores by unit alone; leave it out");
  }
  const RunOptions run = run_options(request.device, request.threads);
  const AverageRun average = read_average_run(path);
  const Checkpoint& first = average.parts.front();
  const Roster roster = average.roster();
  ChosenOfParts chosen;
  const auto scored =
      read_scored(first, request, observer, [&](const Dataset& known, const DataOptions&) {
        chosen = chosen_of_parts(average, known, request.split);
        return chosen.any;
      });
  const Dataset& dataset = scored.dataset;
  Evaluation result = begun_evaluation(path, scored, request, "average");
  ScoredSeries all;
  all.stimuli.assign(chosen.stimuli.begin(), chosen.stimuli.end());
  std::int64_t context = 0;
  for (const auto& part : average.parts) context = std::max(context, part.model->context());
  result.null = null_options(request, context, dataset, {all});
  NullTest null{result.null, {}};
  const ScoringData data{&dataset, places_of_units(first, dataset), scored.smoothed(), run};
  const auto metrics = score_average(average.average(chosen.partitions), data, chosen.averages,
                                     request.null > 0 ? &null : nullptr);
  for (std::size_t unit = 0; unit < metrics.size(); ++unit) {
    UnitScore score;
    score.unit = roster.unit_ids[unit];
    score.metrics = metrics[unit];
    score.why = reason(roster, static_cast<std::int64_t>(unit), metrics[unit], scored.counts);
    if (request.null > 0) score.null = null.scores[unit];
    result.scores.push_back(std::move(score));
  }
  if (request.null > 0) add_false_discovery_rates(result.scores);
  result.stimuli = static_cast<std::int64_t>(chosen.stimuli.size());
  result.protocol = protocol_of(first, dataset, scored.options.smooth_ms, chosen.stimuli);
  result.protocol.outer = scored.options.split.outer;
  if (average.file.weights == "validation" && request.split == "valid") {
    result.notes.emplace_back(
        "the weights of the average were chosen on these stimuli: this score is too good");
  }
  keep_units(result, request, dataset);
  summarise_units(result);
  return result;
}

}  // namespace

Evaluation evaluate_members(const Checkpoint& checkpoint, const EvalRequest& request,
                            Observer& observer) {
  const RunOptions run = run_options(request.device, request.threads);
  const Roster& roster = checkpoint.roster;
  ChosenSeries chosen;
  std::set<std::size_t> stimuli;
  std::vector<ScoredSeries>& series = chosen.series;
  const auto scored = read_scored(
      checkpoint, request, observer, [&](const Dataset& known, const DataOptions& options) {
        chosen = chosen_series(checkpoint, known, options, request.split);
        for (const auto& one : series) stimuli.insert(one.stimuli.begin(), one.stimuli.end());
        return stimuli;
      });
  const Dataset& dataset = scored.dataset;
  Evaluation result = begun_evaluation(checkpoint.file, scored, request, checkpoint.model->kind());
  result.negative_rates = !non_negative_output(checkpoint.model->backbone().output().kind());
  const ScoringData data{&dataset, places_of_units(checkpoint, dataset), scored.smoothed(), run};
  std::vector<std::string> groups(series.size());
  const bool by_group = request.by == EvalBy::sound || request.by == EvalBy::category;
  if (by_group) {
    if (request.null > 0) {
      throw ConfigError("--null", "is computed over all stimuli together; leave out --by");
    }
    std::tie(series, groups) = grouped(series, dataset, request.by);
  }
  result.null = null_options(request, checkpoint.model->context(), dataset, series);
  NullTest null{result.null, {}};
  const auto metrics = score(checkpoint, data, series, request.null > 0 ? &null : nullptr);
  const auto outputs = static_cast<std::size_t>(roster.outputs());
  for (std::size_t i = 0; i < series.size(); ++i) {
    const ScoredSeries& one = series[i];
    result.several_seeds = result.several_seeds || one.seed != series.front().seed;
    result.several_folds = result.several_folds || one.fold != series.front().fold;
    result.several_settings = result.several_settings || one.setting != series.front().setting;
    for (std::size_t n = 0; n < outputs; ++n) {
      const std::int64_t unit = one.unit >= 0 ? one.unit : static_cast<std::int64_t>(n);
      const UnitMetrics& found = metrics[i * outputs + n];
      result.scores.push_back({roster.unit_ids[static_cast<std::size_t>(unit)], one.seed, one.fold,
                               found, reason(roster, unit, found, scored.counts),
                               request.null > 0 ? null.scores[i * outputs + n] : NullScore{}, kNaN,
                               one.setting, groups[i]});
    }
  }
  // Units without a member have rows too, so that a missing unit is seen.
  if (roster.independent()) {
    for (const auto& skipped : roster.skipped) {
      result.scores.push_back({roster.unit_ids[static_cast<std::size_t>(skipped.unit)],
                               series.front().seed, series.front().fold, UnitMetrics{},
                               "not fitted: " + skipped.reason, NullScore{}, kNaN});
    }
  }
  if (request.null > 0) add_false_discovery_rates(result.scores);
  result.stimuli = static_cast<std::int64_t>(stimuli.size());
  result.protocol = protocol_of(checkpoint, dataset, scored.options.smooth_ms, stimuli);
  result.protocol.outer = scored.options.split.outer;
  if (has_averages(roster) && !by_group) {
    result.averaged = averaged_scores(checkpoint, data, chosen, result.null, scored.counts);
  }
  keep_units(result, request, dataset);
  summarise_units(result);
  if (result.averaged) result.averaged->summary = summary_of(result.averaged->scores);
  return result;
}

void summarise_units(Evaluation& evaluation) {
  evaluation.summary.clear();
  const auto rows = unit_rows(evaluation);
  for (std::size_t k = 0; k < kUnitMetrics.size(); ++k) {
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(row.mean[k]);
    evaluation.summary.push_back(summarise(values));
  }
}

std::vector<UnitRow> unit_rows(const Evaluation& evaluation) {
  std::vector<UnitRow> rows;
  std::map<std::pair<std::string, std::string>, std::size_t> places;  // unit, group
  std::vector<std::vector<const UnitMetrics*>> scores;
  for (const auto& score : evaluation.scores) {
    const auto [found, is_new] = places.try_emplace({score.unit, score.group}, rows.size());
    if (is_new) {
      rows.push_back({score.unit, score.group, 0, {}, {}, false});
      scores.emplace_back();
    }
    scores[found->second].push_back(&score.metrics);
  }
  const auto mean_sd = [](const std::vector<const UnitMetrics*>& of, double UnitMetrics::*value) {
    std::vector<double> values;
    for (const auto* one : of) {
      if (std::isfinite(one->*value)) values.push_back(one->*value);
    }
    if (values.empty()) return std::pair{kNaN, kNaN};
    const double mean =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    return std::pair{mean, std::sqrt(variance(values))};
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].n = static_cast<std::int64_t>(scores[i].size());
    for (const auto& metric : kUnitMetrics) {
      const auto [mean, sd] = mean_sd(scores[i], metric.value);
      rows[i].mean.push_back(mean);
      rows[i].sd.push_back(sd);
    }
    UnitMetrics means;
    means.cc = mean_sd(scores[i], &UnitMetrics::cc).first;
    means.cc_max = mean_sd(scores[i], &UnitMetrics::cc_max).first;
    means.cc_max_error = mean_sd(scores[i], &UnitMetrics::cc_max_error).first;
    rows[i].at_ceiling = means.at_ceiling();
  }
  return rows;
}

Evaluation evaluate(const EvalRequest& request, Observer& observer) {
  const std::string average = average_file_of(request.path);
  if (!average.empty()) return evaluate_average(average, request, observer);
  return evaluate_members(read_checkpoint(checkpoint_of(request.path)), request, observer);
}

}  // namespace strffit
