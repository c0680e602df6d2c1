#include "commands/compare.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "commands/evaluate.hpp"
#include "dataset/options.hpp"
#include "evaluation/figures.hpp"
#include "files/json.hpp"
#include "files/paths.hpp"
#include "formats/roster.hpp"
#include "formats/study_file.hpp"
#include "plot/figures.hpp"
#include "study/config.hpp"
#include "study/run_folder.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

bool holds(const std::vector<std::string>& units, const std::string& unit) {
  return std::find(units.begin(), units.end(), unit) != units.end();
}

// The run folder of a finished sweep that `path` names, or lies in; "" where there is none.
std::string sweep_of(const std::string& path) {
  std::error_code ignored;
  const auto whole = std::filesystem::path(path + "/").lexically_normal().parent_path();
  auto folder = std::filesystem::is_directory(whole, ignored) ? whole : whole.parent_path();
  for (int up = 0; up < 2; ++up, folder = folder.parent_path()) {
    const std::string study = RunPaths{folder.empty() ? "." : folder.string()}.study();
    if (!is_there(study)) continue;
    if (read_study_file(study).roster.settings.empty()) return "";
    return folder.empty() ? "." : folder.string();
  }
  return "";
}

// A unit may have one setting, its own. ConfigError where one has several.
void refuse_several_settings(const Evaluation& evaluation, const std::string& path) {
  std::map<std::string, std::int64_t> setting_of;
  for (const auto& score : evaluation.scores) {
    if (setting_of.try_emplace(score.unit, score.setting).first->second == score.setting) continue;
    const std::string sweep = sweep_of(path);
    throw ConfigError(path,
                      "holds several settings of a sweep: compare one, " +
                          (sweep.empty() ? std::string("fitted alone, without the sweep")
                                         : "which strffit best " + sweep + " --out FILE cuts out"));
  }
}

using ScoreOf = std::map<std::string, double>;  // by unit

// A unit's score: the mean over its members, NaN where one has none, or where `of_mean` is true
// that of their mean.
ComparedRun compared_run(const Evaluation& evaluation, const std::string& path,
                         const UnitMetricName& metric, bool of_mean, ScoreOf& scores) {
  refuse_several_settings(evaluation, path);
  struct UnitSum {
    double of = 0;
    std::int64_t n = 0;
  };
  std::map<std::string, UnitSum> sums;
  std::set<std::int64_t> seeds, folds;
  ComparedRun run;
  const bool mean = of_mean && evaluation.averaged;
  if (mean) run.mean_of = evaluation.averaged->members;
  for (const auto& score : mean ? evaluation.averaged->scores : evaluation.scores) {
    UnitSum& sum = sums[score.unit];
    sum.of += score.metrics.*metric.value;
    ++sum.n;
    seeds.insert(score.seed);
    folds.insert(score.fold);
  }
  run.path = path;
  run.model = evaluation.model;
  run.joined = folds.contains(-1) && !mean;
  run.seeds = static_cast<std::int64_t>(seeds.size());
  run.folds = folds.size() > 1 ? static_cast<std::int64_t>(folds.size()) : 0;
  run.own_settings = evaluation.several_settings;
  for (const auto& [unit, sum] : sums) scores[unit] = sum.of / static_cast<double>(sum.n);
  return run;
}

// What is compared, and its scores.
struct Scored {
  Evaluation evaluation;
  ComparedRun run;
  ScoreOf scores;  // a shard, or the best of an ensemble, lacks units
};

// The scores of nested cross-validation, where `path` is the folder of such a run or its
// checkpoint.
std::optional<Scored> nested_scores(const std::string& path, const std::string& metric) {
  std::error_code ignored;
  const std::filesystem::path given(path);
  const bool folder = std::filesystem::is_directory(given, ignored);
  if (!folder && given.filename() != "checkpoint.h5") return std::nullopt;
  const auto run_folder = folder ? given : given.parent_path();
  const auto found = study_of(run_folder.empty() ? "." : run_folder.string());
  if (!found || !found->study.nested) return std::nullopt;
  const StudyFile& study = found->study;
  const Roster& roster = study.roster;

  Scored scored;
  scored.evaluation = begun_nested_evaluation(*found);
  ComparedRun& run = scored.run;
  run.path = path;
  run.model = scored.evaluation.model;
  run.outer = scored.evaluation.protocol.outer;
  std::set<std::int64_t> seeds;
  for (const auto& member : roster.members) seeds.insert(member.seed);
  run.seeds = static_cast<std::int64_t>(seeds.size());
  const auto values = study.nested->mean.at(metric).values;
  for (std::size_t i = 0; i < values.size(); ++i) scored.scores[roster.unit_ids[i]] = values[i];
  return scored;
}

Scored scored(const CompareRequest& request, const std::string& path, const UnitMetricName& metric,
              Observer& observer) {
  const bool of_the_run = request.split == "test" && request.data.empty();
  if (of_the_run) {
    if (auto nested = nested_scores(path, request.metric)) return *nested;
  }
  Scored result;
  result.evaluation =
      evaluate({path, request.data, request.split, request.device, request.threads}, observer);
  if (of_the_run && result.evaluation.protocol.outer != 0) {
    throw ConfigError(path,
                      "holds models of nested cross-validation, whose scores are those of what is "
                      "chosen in each outer fold: compare the folder of the whole run, finished, "
                      "which has them in its study.h5");
  }
  result.run = compared_run(result.evaluation, path, metric, request.averaged, result.scores);
  return result;
}

// The units that all runs are about, in the order of the first one's dataset. ConfigError where
// there is none.
void keep_shared_units(const std::vector<Scored>& all, Comparison& comparison) {
  std::map<std::string, std::vector<std::string>> lacking;  // units by the first run without them
  for (const auto& one : all) {
    for (const auto& unit : one.evaluation.protocol.units) {
      const auto without = std::find_if(all.begin(), all.end(), [&](const Scored& other) {
        return !holds(other.evaluation.protocol.units, unit);
      });
      if (without == all.end()) {
        if (&one == &all.front()) comparison.units.push_back(unit);
      } else if (auto& units = lacking[without->run.path]; !holds(units, unit)) {
        units.push_back(unit);
      }
    }
  }
  for (const auto& one : all) {
    const auto found = lacking.find(one.run.path);
    if (found == lacking.end()) continue;
    comparison.left_out.push_back({found->first, std::move(found->second)});
    lacking.erase(found);
  }
  if (!comparison.units.empty()) return;
  throw ConfigError(all.back().run.path, "shares no unit with the other runs: " +
                                             difference_of(all.front().evaluation.protocol.units,
                                                           all.back().evaluation.protocol.units) +
                                             ". Fit one again with the other's data.units");
}

ComparedPair paired(const Comparison& comparison, std::size_t run) {
  const auto &first = comparison.runs.front().scores, &other = comparison.runs[run].scores;
  std::vector<double> differences;
  ComparedPair pair;
  pair.run = run;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double difference = other[i] - first[i];
    if (!std::isfinite(difference)) continue;
    differences.push_back(difference);
    pair.higher += difference > 0;
  }
  pair.units = static_cast<std::int64_t>(differences.size());
  if (pair.units == 0) {
    throw ConfigError("--metric", "no unit has a " + comparison.metric + " in both " +
                                      comparison.runs.front().path + " and " +
                                      comparison.runs[run].path +
                                      "; --metric cc is defined more often");
  }
  pair.difference = bootstrap_median(differences, comparison.resamples,
                                     static_cast<std::uint64_t>(comparison.seed));
  pair.test = signed_rank_test(differences);
  return pair;
}

// "ln" of "runs/ln/", as a part of a file's name.
std::string short_name(const std::string& path) {
  const auto clean = std::filesystem::path(path + "/").lexically_normal().parent_path();
  return file_name(clean.filename() == "checkpoint.h5" && clean.has_parent_path()
                       ? clean.parent_path().filename()
                       : clean.stem());
}

void draw(Comparison& comparison, const CompareRequest& request) {
  make_folder(request.plot);
  const ComparedRun& first = comparison.runs.front();
  for (auto& pair : comparison.pairs) {
    const ComparedRun& other = comparison.runs[pair.run];
    pair.figure =
        fmt::format("{}/{}-{}-{}-{}.{}", request.plot, comparison.metric, short_name(first.path),
                    pair.run + 1, short_name(other.path), request.format);
    plot::draw_scatter(
        pair.figure, {comparison.metric + " on the " + comparison.split + " stimuli",
                      first.path + ", " + comparison.metric, other.path + ", " + comparison.metric,
                      first.scores, other.scores});
  }
}

std::string how_averaged(const ComparedRun& run) {
  std::string text;
  if (run.mean_of > 0) text += fmt::format("mean of {} members' predictions", run.mean_of);
  if (run.seeds > 1) text += fmt::format("mean over {} seeds", run.seeds);
  if (run.folds > 0) {
    text += fmt::format("{}{} folds", text.empty() ? "mean over " : " and ", run.folds);
  }
  if (run.outer > 0) {
    return fmt::format(
        "nested cross-validation, mean over {} outer folds, each predicted by the models chosen on "
        "its inner folds",
        run.outer);
  }
  if (run.own_settings) text += std::string(text.empty() ? "" : ", ") + "each unit's own setting";
  if (run.joined) text += std::string(text.empty() ? "" : ", ") + "held-out folds joined";
  return text;
}

constexpr std::int64_t kMostResamples = 1000000;

std::string probability(double p) { return p < 1e-4 ? number(p) : score_text(p); }

}  // namespace

Comparison compare_runs(const CompareRequest& request, Observer& observer) {
  if (request.paths.size() < 2) throw ConfigError("RUN", "expected at least two runs to compare");
  if (request.resamples < 1 || request.resamples > kMostResamples) {
    throw ConfigError("--resamples", fmt::format("expected from 1 to {}; found {}", kMostResamples,
                                                 request.resamples));
  }
  const UnitMetricName& metric = metric_named(request.metric, "--metric");
  if (!request.plot.empty()) check_figure_format(request.format);
  Comparison comparison{
      request.metric, request.split, 0, request.resamples, request.seed, {}, {}, {}};
  std::vector<Scored> all;
  for (const auto& path : request.paths) {
    all.push_back(scored(request, path, metric, observer));
    const auto named = [](const Evaluation& one) {
      return NamedProtocol{one.checkpoint, one.data, one.protocol};
    };
    require_same_protocol(named(all.front().evaluation), named(all.back().evaluation), "compared",
                          request.split, !request.data.empty(), false);
  }
  comparison.stimuli = all.front().evaluation.stimuli;
  keep_shared_units(all, comparison);
  for (auto& one : all) {
    for (const auto& unit : comparison.units) {
      const auto found = one.scores.find(unit);
      one.run.scores.push_back(found == one.scores.end() ? kNaN : found->second);
    }
    comparison.runs.push_back(std::move(one.run));
  }
  for (std::size_t run = 1; run < comparison.runs.size(); ++run) {
    comparison.pairs.push_back(paired(comparison, run));
  }
  if (!request.plot.empty()) draw(comparison, request);
  return comparison;
}

Table to_table(const Comparison& comparison) {
  Table table{"", {"unit"}, {}};
  for (const auto& run : comparison.runs) table.header.push_back(run.path);
  for (std::size_t i = 0; i < comparison.units.size(); ++i) {
    std::vector<std::string> row = {comparison.units[i]};
    for (const auto& run : comparison.runs) {
      row.push_back(std::isnan(run.scores[i]) ? "" : Json(run.scores[i]).dump());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table differences(const Comparison& comparison) {
  Table table{"differences from " + comparison.runs.front().path,
              {"run", "units", "higher", "median", "95 % from", "to", "rank sum", "p"},
              {}};
  for (const auto& pair : comparison.pairs) {
    table.rows.push_back({comparison.runs[pair.run].path, std::to_string(pair.units),
                          std::to_string(pair.higher), score_text(pair.difference.median),
                          score_text(pair.difference.low), score_text(pair.difference.high),
                          number(pair.test.rank_sum), probability(pair.test.p)});
  }
  return table;
}

Report to_report(const Comparison& comparison) {
  Report report;
  Table scores{
      comparison.metric + " on the " + comparison.split + " stimuli" +
          (comparison.stimuli < 0 ? fmt::format(" of {} outer folds", comparison.runs.front().outer)
                                  : fmt::format(" ({})", comparison.stimuli)),
      to_table(comparison).header,
      {}};
  for (std::size_t i = 0; i < comparison.units.size(); ++i) {
    std::vector<std::string> row = {comparison.units[i]};
    for (const auto& run : comparison.runs) row.push_back(score_text(run.scores[i]));
    scores.rows.push_back(std::move(row));
  }
  for (const auto& pair : comparison.pairs) {
    std::string note = fmt::format(
        "p of {}: Wilcoxon signed-rank test, two-sided, of {} differences that are not 0, {}",
        comparison.runs[pair.run].path, pair.test.n,
        pair.test.exact ? "exact" : "by the normal approximation");
    const auto left_out = static_cast<std::int64_t>(comparison.units.size()) - pair.units;
    if (left_out > 0) {
      note += fmt::format("; {} units without a score in both are left out", left_out);
    }
    report.notes.push_back(note);
    if (!pair.figure.empty()) report.notes.push_back("scatter plot in " + pair.figure);
  }
  report.tables = {differences(comparison), std::move(scores)};
  for (const auto& one : comparison.left_out) {
    report.notes.push_back("left out, as " + one.run +
                           " lacks them: " + subject("unit", one.units));
  }
  for (const auto& run : comparison.runs) {
    const std::string how = how_averaged(run);
    if (!how.empty()) report.notes.push_back("scores of " + run.path + ": " + how);
  }
  report.notes.push_back(fmt::format("interval of the median: bootstrap of {} resamples, seed {}",
                                     comparison.resamples, comparison.seed));
  if (comparison.pairs.size() > 1) {
    report.notes.push_back(
        fmt::format("p-values are not corrected for the {} comparisons", comparison.pairs.size()));
  }
  return report;
}

std::string to_json(const Comparison& comparison) {
  Json json = {{"metric", comparison.metric},
               {"split", comparison.split},
               {"stimuli", comparison.stimuli < 0 ? Json() : Json(comparison.stimuli)},
               {"units", comparison.units},
               {"left_out", Json::object()},
               {"resamples", comparison.resamples},
               {"seed", comparison.seed}};
  for (const auto& one : comparison.left_out) json["left_out"][one.run] = one.units;
  auto& runs = json["runs"] = Json::array();
  for (const auto& run : comparison.runs) {
    Json one = {{"run", run.path},
                {"model", run.model},
                {"seeds_averaged", run.seeds},
                {"folds_averaged", run.folds},
                {"folds_joined", run.joined},
                {"mean_of_members", run.mean_of},
                {"setting_of_each_unit", run.own_settings},
                {"outer_folds", run.outer}};
    auto& scores = one["scores"] = Json::array();
    for (const double score : run.scores) scores.push_back(json_number(score));
    runs.push_back(std::move(one));
  }
  auto& pairs = json["differences_from_first"] = Json::array();
  for (const auto& pair : comparison.pairs) {
    Json one = {{"run", comparison.runs[pair.run].path},
                {"units", pair.units},
                {"higher", pair.higher},
                {"median", json_number(pair.difference.median)},
                {"low", json_number(pair.difference.low)},
                {"high", json_number(pair.difference.high)},
                {"wilcoxon",
                 {{"n", pair.test.n},
                  {"rank_sum", pair.test.rank_sum},
                  {"p", pair.test.p},
                  {"exact", pair.test.exact}}}};
    if (!pair.figure.empty()) one["figure"] = pair.figure;
    pairs.push_back(std::move(one));
  }
  return json.dump(2);
}

}  // namespace strffit
