// Tables, CSV and JSON of `eval`.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>

#include "commands/evaluate.hpp"
#include "config/suggest.hpp"
#include "files/json.hpp"
#include "metrics/statistics.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

using Cells = std::vector<std::string>;

struct NullColumn {
  const char* name;
  double (*value)(const UnitScore&);
};
constexpr std::array<NullColumn, 4> kNullColumns = {
    {{"null_cc_mean", [](const UnitScore& score) { return score.null.mean; }},
     {"null_cc_sd", [](const UnitScore& score) { return score.null.sd; }},
     {"p", [](const UnitScore& score) { return score.null.p; }},
     {"q", [](const UnitScore& score) { return score.q; }}}};

std::string null_note(const Evaluation& evaluation) {
  constexpr double kRate = 0.05;
  const auto& scores = evaluation.scores;
  const auto found = std::count_if(scores.begin(), scores.end(),
                                   [](const UnitScore& score) { return score.q <= kRate; });
  return fmt::format(
      "{} of {} scores have q <= 0.05: cc against {} circular shifts of the responses by at least "
      "{} frames, seed {}",
      found, scores.size(), evaluation.null.draws, evaluation.null.min_shift, evaluation.null.seed);
}

// Places in kUnitMetrics.
std::vector<std::size_t> shown_metrics(const EvalView& view) {
  std::vector<std::size_t> places;
  for (const auto& name : view.metrics) {
    places.push_back(
        static_cast<std::size_t>(&metric_named(name, "--metrics") - kUnitMetrics.data()));
  }
  if (!places.empty()) return places;
  places.resize(kUnitMetrics.size());
  std::iota(places.begin(), places.end(), 0);
  return places;
}

// The shown metrics for people: the most important ones come first, because a terminal may not have
// room for all.
std::vector<std::size_t> metrics_for_people(const EvalView& view) {
  auto places = shown_metrics(view);
  if (!view.metrics.empty()) return places;
  const auto rank = [](std::size_t place) {
    constexpr std::array<std::string_view, 3> kFirst = {"cc_norm", "cc", "cc_max"};
    return std::find(kFirst.begin(), kFirst.end(), kUnitMetrics[place].name) - kFirst.begin();
  };
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  return places;
}

// True for metrics that depend on the responses alone. All seeds have the same value.
bool is_of_responses(std::size_t metric) {
  constexpr std::array<std::string_view, 4> kOfResponses = {"cc_max", "snr", "signal_power",
                                                            "noise_power"};
  return std::find(kOfResponses.begin(), kOfResponses.end(), kUnitMetrics[metric].name) !=
         kOfResponses.end();
}

// Smaller is better.
bool is_error(std::size_t metric) {
  const auto name = kUnitMetrics[metric].name;
  return name == "mse" || name == "noise_power";
}

// One row of a table of scores, as numbers: for a member, a unit or a group.
struct Row {
  Cells labels;
  std::vector<double> value, sd;  // of all metrics; sd empty where there is one score
  std::vector<double> null;       // as kNullColumns; empty without
  std::string why;
};

struct Rows {
  Cells labels;  // header
  bool with_sd = false, with_null = false;
  bool every_sd = true;  // also of what is_of_responses()
  std::vector<Row> rows;

  bool sd_of(std::size_t metric) const { return with_sd && (every_sd || !is_of_responses(metric)); }
};

bool by_group(const Evaluation& evaluation) {
  return evaluation.by == EvalBy::sound || evaluation.by == EvalBy::category;
}

// A null distribution belongs to a member.
bool by_member(const Evaluation& evaluation) {
  return evaluation.by == EvalBy::member || evaluation.null.draws > 0;
}

Rows rows_of_members(const Evaluation& evaluation) {
  Rows all;
  all.labels = {"unit"};
  if (evaluation.several_settings) all.labels.emplace_back("setting");
  if (evaluation.several_seeds) all.labels.emplace_back("seed");
  if (evaluation.several_folds) all.labels.emplace_back("fold");
  all.with_null = evaluation.null.draws > 0;
  for (const auto& score : evaluation.scores) {
    Row row{{score.unit}, {}, {}, {}, score.why};
    if (evaluation.several_settings) row.labels.push_back(std::to_string(score.setting));
    if (evaluation.several_seeds) row.labels.push_back(std::to_string(score.seed));
    if (evaluation.several_folds) {
      row.labels.push_back(score.fold < 0 ? "all" : std::to_string(score.fold));
    }
    for (const auto& metric : kUnitMetrics) row.value.push_back(score.metrics.*metric.value);
    for (const auto& column : kNullColumns) {
      if (all.with_null) row.null.push_back(column.value(score));
    }
    all.rows.push_back(std::move(row));
  }
  return all;
}

// The first reason of each unit and group.
std::map<std::pair<std::string, std::string>, std::string> reasons_of(
    const Evaluation& evaluation) {
  std::map<std::pair<std::string, std::string>, std::string> reasons;
  for (const auto& score : evaluation.scores) {
    if (!score.why.empty()) reasons.try_emplace({score.unit, score.group}, score.why);
  }
  return reasons;
}

Rows rows_of_units(const Evaluation& evaluation) {
  Rows all;
  if (by_group(evaluation))
    all.labels.emplace_back(evaluation.by == EvalBy::sound ? "sound" : "category");
  all.labels.emplace_back("unit");
  all.with_sd = evaluation.several();
  if (all.with_sd) all.labels.emplace_back("n");
  const auto reasons = reasons_of(evaluation);
  for (auto& unit : unit_rows(evaluation)) {
    Row row;
    if (by_group(evaluation)) row.labels.push_back(unit.group);
    row.labels.push_back(unit.unit);
    if (all.with_sd) row.labels.push_back(std::to_string(unit.n));
    row.value = std::move(unit.mean);
    if (all.with_sd) row.sd = std::move(unit.sd);
    if (const auto why = reasons.find({unit.unit, unit.group}); why != reasons.end()) {
      row.why = why->second;
    }
    all.rows.push_back(std::move(row));
  }
  return all;
}

// Over the units of each group; n counts those with a cc.
Rows rows_of_groups(const Evaluation& evaluation) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<UnitRow>> groups;
  for (auto& row : unit_rows(evaluation)) {
    if (!groups.contains(row.group)) order.push_back(row.group);
    groups[row.group].push_back(std::move(row));
  }
  std::sort(order.begin(), order.end());
  Rows all;
  all.labels = {evaluation.by == EvalBy::sound ? "sound" : "category", "units"};
  all.with_sd = true;
  for (const auto& group : order) {
    Row row{{group, ""}, {}, {}, {}, ""};
    for (std::size_t k = 0; k < kUnitMetrics.size(); ++k) {
      std::vector<double> values;
      for (const auto& unit : groups[group]) {
        if (std::isfinite(unit.mean[k])) values.push_back(unit.mean[k]);
      }
      row.value.push_back(values.empty() ? kNaN
                                         : std::accumulate(values.begin(), values.end(), 0.0) /
                                               static_cast<double>(values.size()));
      row.sd.push_back(std::sqrt(variance(values)));
      if (k == 0) row.labels[1] = std::to_string(values.size());
    }
    all.rows.push_back(std::move(row));
  }
  return all;
}

void sort_rows(Rows& all, const std::string& by) {
  if (by.empty()) return;
  if (by == "unit") {
    std::stable_sort(all.rows.begin(), all.rows.end(),
                     [](const Row& a, const Row& b) { return a.labels < b.labels; });
    return;
  }
  const auto metric = static_cast<std::size_t>(&metric_named(by, "--sort") - kUnitMetrics.data());
  std::stable_sort(all.rows.begin(), all.rows.end(), [&](const Row& a, const Row& b) {
    const double x = a.value[metric], y = b.value[metric];
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x);
    return is_error(metric) ? x < y : x > y;
  });
}

Cells header_of(const Rows& all, const std::vector<std::size_t>& metrics) {
  Cells header = all.labels;
  for (const auto k : metrics) {
    const std::string name(kUnitMetrics[k].name);
    header.push_back(name);
    if (all.sd_of(k)) header.push_back(name + "_sd");
  }
  for (const auto& column : kNullColumns) {
    if (all.with_null) header.emplace_back(column.name);
  }
  return header;
}

template <class Text>
Cells cells_of(const Row& row, const Rows& all, const std::vector<std::size_t>& metrics,
               Text text) {
  Cells cells = row.labels;
  for (const auto k : metrics) {
    cells.push_back(text(row.value[k]));
    if (all.sd_of(k)) cells.push_back(text(row.sd[k]));
  }
  for (const double value : row.null) cells.push_back(text(value));
  return cells;
}

// A table for people, with a bar beside cc_norm.
Table score_table(const Rows& all, const std::vector<std::size_t>& metrics, std::string title) {
  Table table{std::move(title), header_of(all, metrics), {}};
  const auto bar = std::find(table.header.begin(), table.header.end(), "cc_norm");
  if (bar != table.header.end()) table.bar = static_cast<int>(bar - table.header.begin());
  for (const auto& row : all.rows) table.rows.push_back(cells_of(row, all, metrics, score_text));
  return table;
}

// The scores of the members' mean prediction, a row a unit and setting.
Rows rows_of_averages(const Evaluation& evaluation) {
  Rows all;
  all.labels = {"unit"};
  if (evaluation.several_settings) all.labels.emplace_back("setting");
  all.with_null = evaluation.null.draws > 0;
  for (const auto& score : evaluation.averaged->scores) {
    Row row{{score.unit}, {}, {}, {}, score.why};
    if (evaluation.several_settings) row.labels.push_back(std::to_string(score.setting));
    for (const auto& metric : kUnitMetrics) row.value.push_back(score.metrics.*metric.value);
    for (const auto& column : kNullColumns) {
      if (all.with_null) row.null.push_back(column.value(score));
    }
    all.rows.push_back(std::move(row));
  }
  return all;
}

// True if the table has several scores for a unit, so that the averaged ones need a mark. If
// nothing tells members apart, there is one score a unit, of the folds' joined predictions.
bool shows_averages(const Evaluation& evaluation) {
  return evaluation.averaged && (evaluation.several_seeds || evaluation.several_folds);
}

void add_summary_rows(Table& table, const std::vector<Summary>& summary,
                      const std::vector<std::size_t>& metrics) {
  for (const auto k : metrics) {
    const Summary& one = summary[k];
    table.rows.push_back({std::string(kUnitMetrics[k].name), score_text(one.mean),
                          score_text(one.lower_quartile), score_text(one.median),
                          score_text(one.upper_quartile), std::to_string(one.left_out)});
  }
}

std::string of_the_mean(const Evaluation& evaluation) {
  return fmt::format("the mean of {} members' predictions", evaluation.averaged->members);
}

Table summary_table(const Evaluation& evaluation, const std::vector<std::size_t>& metrics) {
  std::set<std::string> units;
  for (const auto& score : evaluation.scores) units.insert(score.unit);
  std::string title = fmt::format("{} on the {} stimuli", evaluation.model, evaluation.split);
  if (evaluation.stimuli >= 0) title += fmt::format(" ({})", evaluation.stimuli);
  title += fmt::format(" of {}: {} units", evaluation.data, units.size());
  if (static_cast<std::int64_t>(units.size()) < evaluation.units_of_file) {
    title += fmt::format(" of {}", evaluation.units_of_file);
  }
  Table table{std::move(title),
              {"over units", "mean", "lower quartile", "median", "upper quartile", "undefined"},
              {}};
  if (by_group(evaluation)) {
    table.header.front() =
        fmt::format("over units and {}", evaluation.by == EvalBy::sound ? "sounds" : "categories");
  }
  add_summary_rows(table, evaluation.summary, metrics);
  return table;
}

// "3 seeds and 5 folds"; "" of one score.
std::string averaged_over(const Evaluation& evaluation) {
  std::set<std::int64_t> seeds, folds, settings;
  for (const auto& score : evaluation.scores) {
    seeds.insert(score.seed);
    folds.insert(score.fold);
    settings.insert(score.setting);
  }
  std::vector<std::string> parts;
  const auto add = [&](const std::set<std::int64_t>& values, const char* what) {
    if (values.size() > 1) parts.push_back(std::to_string(values.size()) + what);
  };
  if (evaluation.several_settings) add(settings, " settings");
  add(seeds, " seeds");
  add(folds, evaluation.outer > 0 ? " outer folds" : " folds");
  return listed(parts);
}

std::string ceiling_note(const Evaluation& evaluation) {
  std::int64_t units = 0, at = 0;
  for (const auto& row : unit_rows(evaluation)) {
    if (std::isnan(row.mean[0])) continue;
    ++units;
    at += row.at_ceiling ? 1 : 0;
  }
  return fmt::format(
      "{} of {} {} predicted as well as can be: cc within 2 standard errors of cc_max (its spread "
      "over halves of the trials), or above",
      at, units, by_group(evaluation) ? "scores are those of responses" : "units are");
}

bool has_ceilings(const Evaluation& evaluation) {
  return !by_group(evaluation) &&
         std::any_of(evaluation.scores.begin(), evaluation.scores.end(),
                     [](const auto& score) { return std::isfinite(score.metrics.cc_max_error); });
}

// True if bits_per_spike is shown and the model can predict negative rates.
bool has_negative_rates(const Evaluation& evaluation, const std::vector<std::size_t>& metrics) {
  return evaluation.negative_rates &&
         std::any_of(metrics.begin(), metrics.end(), [&](std::size_t k) {
           return kUnitMetrics[k].name == "bits_per_spike" &&
                  std::isfinite(evaluation.summary[k].mean);
         });
}

// Adds the summary and the scores of the members' mean prediction, each after that of the members.
void add_averages(const Evaluation& evaluation, const EvalView& view,
                  const std::vector<std::size_t>& metrics, Report& report) {
  Table summary{of_the_mean(evaluation), report.tables.front().header, {}};
  add_summary_rows(summary, evaluation.averaged->summary, metrics);
  report.tables.insert(report.tables.begin() + 1, std::move(summary));
  if (view.summary) return;
  Rows all = rows_of_averages(evaluation);
  sort_rows(all, view.sort);
  report.tables.push_back(score_table(all, metrics, of_the_mean(evaluation)));
}

Json summary_json(const std::vector<Summary>& summaries) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kUnitMetrics.size(); ++i) {
    const Summary& summary = summaries[i];
    json[std::string(kUnitMetrics[i].name)] = {
        {"mean", json_number(summary.mean)},
        {"median", json_number(summary.median)},
        {"lower_quartile", json_number(summary.lower_quartile)},
        {"upper_quartile", json_number(summary.upper_quartile)},
        {"count", summary.count},
        {"left_out", summary.left_out}};
  }
  return json;
}

Json metrics_json(const std::vector<double>& values) {
  Json json;
  for (std::size_t k = 0; k < kUnitMetrics.size(); ++k) {
    json[std::string(kUnitMetrics[k].name)] = json_number(values[k]);
  }
  return json;
}

}  // namespace

EvalBy eval_by(const std::string& word) {
  if (word == "unit") return EvalBy::unit;
  if (word == "member") return EvalBy::member;
  if (word == "sound") return EvalBy::sound;
  if (word == "category") return EvalBy::category;
  throw ConfigError("--by",
                    fmt::format("expected unit, member, sound or category; found \"{}\"", word));
}

const UnitMetricName& metric_named(const std::string& name, const std::string& option) {
  std::vector<std::string> names;
  for (const auto& metric : kUnitMetrics) {
    if (metric.name == name) return metric;
    names.emplace_back(metric.name);
  }
  throw ConfigError(
      option, fmt::format("no metric \"{}\"{} There are {}", name,
                          config::did_you_mean(name, names, "."), listed(names, names.size())));
}

Table to_table(const Evaluation& evaluation, const EvalView& view) {
  Rows all = by_member(evaluation) ? rows_of_members(evaluation) : rows_of_units(evaluation);
  sort_rows(all, view.sort);
  const auto metrics = shown_metrics(view);
  Table table{"", header_of(all, metrics), {}};
  table.header.emplace_back("why_undefined");
  if (view.summary) {
    table = summary_table(evaluation, metrics);
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      const Summary& one = evaluation.summary[metrics[i]];
      auto& row = table.rows[i];
      const auto exact = [](double value) {
        return std::isnan(value) ? std::string() : Json(value).dump();
      };
      row[1] = exact(one.mean);
      row[2] = exact(one.lower_quartile);
      row[3] = exact(one.median);
      row[4] = exact(one.upper_quartile);
    }
    return table;
  }
  for (const auto& row : all.rows) {
    auto cells = cells_of(row, all, metrics, [](double found) {
      return std::isnan(found) ? std::string() : Json(found).dump();
    });
    cells.push_back(row.why);
    table.rows.push_back(std::move(cells));
  }
  if (!shows_averages(evaluation) || by_group(evaluation)) return table;
  const auto exact = [](double value) {
    return std::isnan(value) ? std::string() : Json(value).dump();
  };
  for (const auto& row : rows_of_averages(evaluation).rows) {
    // The columns are those of the members. The one after unit and setting says "averaged".
    Cells cells = row.labels;
    if (!by_member(evaluation)) cells.resize(1);
    cells.emplace_back("averaged");
    cells.resize(all.labels.size());
    for (const auto k : metrics) {
      cells.push_back(exact(row.value[k]));
      if (all.sd_of(k)) cells.emplace_back();
    }
    for (const double value : row.null) cells.push_back(exact(value));
    cells.push_back(row.why);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Report to_report(const Evaluation& evaluation, const EvalView& view) {
  const auto metrics = metrics_for_people(view);
  Rows all = by_group(evaluation)    ? rows_of_groups(evaluation)
             : by_member(evaluation) ? rows_of_members(evaluation)
                                     : rows_of_units(evaluation);
  all.every_sd = by_group(evaluation) || evaluation.outer > 0;
  sort_rows(all, view.sort);
  Report report;
  report.tables.push_back(summary_table(evaluation, metrics));
  if (!view.summary) {
    const auto over = averaged_over(evaluation);
    std::string title;
    if (by_group(evaluation)) {
      title = over.empty() ? "means over units" : "means over units, seeds and folds";
    } else if (!by_member(evaluation) && !over.empty()) {
      title = "means over " + over;
    }
    if (all.with_sd && !title.empty()) {
      title += by_group(evaluation) ? ", _sd: standard deviation over units"
                                    : ", _sd: standard deviation over these, n scores";
    }
    report.tables.push_back(score_table(all, metrics, std::move(title)));
  }
  if (evaluation.averaged) add_averages(evaluation, view, metrics, report);

  if (!evaluation.chosen.empty()) report.notes.push_back(evaluation.chosen);
  for (const auto& note : evaluation.notes) report.notes.push_back(note);
  std::map<std::string, std::set<std::string>> reasons;
  for (const auto& score : evaluation.scores) {
    if (!score.why.empty()) reasons[score.why].insert(score.unit);
  }
  for (const auto& [why, units] : reasons) {
    report.notes.push_back("undefined (" + why + "): " + listed({units.begin(), units.end()}));
  }
  if (has_ceilings(evaluation)) report.notes.push_back(ceiling_note(evaluation));
  if (has_negative_rates(evaluation, metrics)) {
    report.notes.emplace_back(
        "bits_per_spike: this model can predict negative rates, which count as almost none, so "
        "that "
        "few of them decide; softplus or another output without them is measured fairly");
  }
  if (evaluation.null.draws > 0) report.notes.push_back(null_note(evaluation));
  return report;
}

std::string to_json(const Evaluation& evaluation, const EvalView& view) {
  shown_metrics(view);  // a wrong name is an error here too
  Json json = {{"checkpoint", evaluation.checkpoint},
               {"data", evaluation.data},
               {"model", evaluation.model},
               {"split", evaluation.split},
               {"stimuli", evaluation.stimuli < 0 ? Json() : Json(evaluation.stimuli)}};
  if (!evaluation.chosen.empty()) json["chosen"] = evaluation.chosen;
  json["predicts_negative_rates"] = evaluation.negative_rates;
  if (evaluation.outer > 0) json["outer_folds"] = evaluation.outer;
  if (evaluation.null.draws > 0) {
    json["null"] = {{"draws", evaluation.null.draws},
                    {"min_shift", evaluation.null.min_shift},
                    {"seed", evaluation.null.seed}};
  }
  if (!evaluation.notes.empty()) json["notes"] = evaluation.notes;
  const char* const group = evaluation.by == EvalBy::sound ? "sound" : "category";
  auto& scores = json["scores"] = Json::array();
  for (const auto& score : evaluation.scores) {
    Json one = {{"unit", score.unit}, {"seed", score.seed}};
    if (by_group(evaluation)) one[group] = score.group;
    if (evaluation.several_settings) one["setting"] = score.setting;
    one["fold"] = score.fold < 0 ? Json() : Json(score.fold);
    for (const auto& metric : kUnitMetrics) {
      one[std::string(metric.name)] = json_number(score.metrics.*metric.value);
    }
    one["cc_max_error"] = json_number(score.metrics.cc_max_error);
    if (evaluation.null.draws > 0) {
      for (const auto& column : kNullColumns) one[column.name] = json_number(column.value(score));
    }
    if (!score.why.empty()) one["why_undefined"] = score.why;
    scores.push_back(std::move(one));
  }
  std::int64_t at_ceiling = 0;
  auto& units = json["units"] = Json::array();
  for (const auto& row : unit_rows(evaluation)) {
    Json one = {{"unit", row.unit}, {"n", row.n}, {"at_ceiling", row.at_ceiling}};
    if (by_group(evaluation)) one[group] = row.group;
    one["mean"] = metrics_json(row.mean);
    one["sd"] = metrics_json(row.sd);
    at_ceiling += row.at_ceiling ? 1 : 0;
    units.push_back(std::move(one));
  }
  json["at_ceiling"] = at_ceiling;
  if (by_group(evaluation)) {
    auto& groups = json["groups"] = Json::array();
    for (const auto& row : rows_of_groups(evaluation).rows) {
      groups.push_back({{group, row.labels[0]},
                        {"units", std::stoll(row.labels[1])},
                        {"mean", metrics_json(row.value)},
                        {"sd", metrics_json(row.sd)}});
    }
  }
  json["summary"] = summary_json(evaluation.summary);
  if (evaluation.averaged) {
    Json& averaged = json["averaged"];
    averaged["members"] = evaluation.averaged->members;
    auto& of_units = averaged["scores"] = Json::array();
    for (const auto& row : rows_of_averages(evaluation).rows) {
      Json one = metrics_json(row.value);
      one["unit"] = row.labels[0];
      if (evaluation.several_settings) one["setting"] = std::stoll(row.labels[1]);
      for (std::size_t k = 0; k < row.null.size(); ++k) {
        one[kNullColumns[k].name] = json_number(row.null[k]);
      }
      if (!row.why.empty()) one["why_undefined"] = row.why;
      of_units.push_back(std::move(one));
    }
    averaged["summary"] = summary_json(evaluation.averaged->summary);
  }
  return json.dump(2);
}

}  // namespace strffit
