// Tables and JSON of an evaluation.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "commands/evaluate.hpp"
#include "files/json.hpp"
#include "util/listed.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

std::vector<std::string> labels(const Evaluation& evaluation, const UnitScore& score) {
  std::vector<std::string> cells = {score.unit};
  if (evaluation.several_settings) cells.push_back(std::to_string(score.setting));
  if (evaluation.several_seeds) cells.push_back(std::to_string(score.seed));
  if (evaluation.several_folds) {
    cells.push_back(score.fold < 0 ? "all" : std::to_string(score.fold));
  }
  return cells;
}

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

// use(name, value) for each metric of a score and, with a null distribution, each of its columns.
template <class Use>
void for_numbers(const Evaluation& evaluation, const UnitScore& score, const Use& use) {
  for (const auto& metric : kUnitMetrics) {
    use(std::string(metric.name), score.metrics.*metric.value);
  }
  if (evaluation.null.draws == 0) return;
  for (const auto& column : kNullColumns) use(column.name, column.value(score));
}

void add_number_names(const Evaluation& evaluation, std::vector<std::string>& header) {
  for_numbers(evaluation, {}, [&](const std::string& name, double) { header.push_back(name); });
}

std::vector<std::string> with_number_texts(const Evaluation& evaluation, const UnitScore& score,
                                           std::vector<std::string> row) {
  for_numbers(evaluation, score,
              [&](const std::string&, double value) { row.push_back(score_text(value)); });
  return row;
}

std::vector<std::string> label_header(const Evaluation& evaluation) {
  std::vector<std::string> header = {"unit"};
  if (evaluation.several_settings) header.push_back("setting");
  if (evaluation.several_seeds) header.push_back("seed");
  if (evaluation.several_folds) header.push_back("fold");
  add_number_names(evaluation, header);
  return header;
}

// Labels of a row of averaged scores.
std::vector<std::string> averaged_labels(const Evaluation& evaluation, const UnitScore& score) {
  auto cells = labels(evaluation, score);
  if (evaluation.several_seeds || evaluation.several_folds) {
    cells[evaluation.several_settings ? 2 : 1] = "averaged";
  }
  return cells;
}

struct SummaryRow {
  const char* name;
  double Summary::*value;
};
constexpr std::array<SummaryRow, 4> kSummaryRows = {{{"mean", &Summary::mean},
                                                     {"lower quartile", &Summary::lower_quartile},
                                                     {"median", &Summary::median},
                                                     {"upper quartile", &Summary::upper_quartile}}};

// The summary's rows below the scores. `labels`: columns before the metrics.
void add_summary(Table& table, std::size_t labels, const std::vector<Summary>& summaries) {
  const auto add = [&](const std::string& name, auto value_of) {
    std::vector<std::string> row(labels);
    row[0] = name;
    for (const auto& summary : summaries) row.push_back(value_of(summary));
    row.resize(table.header.size());
    table.rows.push_back(std::move(row));
  };
  for (const auto& [name, value] : kSummaryRows) {
    add(name, [value = value](const Summary& summary) { return score_text(summary.*value); });
  }
  add("left out", [](const Summary& summary) { return std::to_string(summary.left_out); });
}

// The units' averaged scores and their summary.
Table averaged_table(const Evaluation& evaluation) {
  const AveragedScores& averaged = *evaluation.averaged;
  Table table{fmt::format("the mean of {} members' predictions", averaged.members), {"unit"}, {}};
  if (evaluation.several_settings) table.header.emplace_back("setting");
  const std::size_t labels = table.header.size();
  add_number_names(evaluation, table.header);
  for (const auto& score : averaged.scores) {
    std::vector<std::string> row = {score.unit};
    if (evaluation.several_settings) row.push_back(std::to_string(score.setting));
    table.rows.push_back(with_number_texts(evaluation, score, std::move(row)));
  }
  add_summary(table, labels, averaged.summary);
  return table;
}

// `one`: what tells the score from others.
Json with_numbers(const Evaluation& evaluation, const UnitScore& score, Json one) {
  for_numbers(evaluation, score,
              [&](const std::string& name, double value) { one[name] = json_number(value); });
  if (!score.why.empty()) one["why_undefined"] = score.why;
  return one;
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

}  // namespace

Table to_table(const Evaluation& evaluation) {
  Table table{"", label_header(evaluation), {}};
  table.header.emplace_back("why_undefined");
  const auto cell = [](double found) {
    return std::isnan(found) ? std::string() : Json(found).dump();
  };
  const auto add = [&](std::vector<std::string> row, const UnitScore& score) {
    for_numbers(evaluation, score,
                [&](const std::string&, double value) { row.push_back(cell(value)); });
    row.push_back(score.why);
    table.rows.push_back(std::move(row));
  };
  for (const auto& score : evaluation.scores) add(labels(evaluation, score), score);
  // Where nothing tells members apart, there is one score a unit, of the folds' joined predictions.
  const bool labelled = evaluation.several_seeds || evaluation.several_folds;
  if (!evaluation.averaged || !labelled) return table;
  for (const auto& score : evaluation.averaged->scores) {
    add(averaged_labels(evaluation, score), score);
  }
  return table;
}

Report to_report(const Evaluation& evaluation) {
  Report report;
  Table scores{fmt::format("{} on the {} stimuli ({}) of {}", evaluation.model, evaluation.split,
                           evaluation.stimuli, evaluation.data),
               label_header(evaluation),
               {}};
  for (const auto& score : evaluation.scores) {
    scores.rows.push_back(with_number_texts(evaluation, score, labels(evaluation, score)));
  }
  add_summary(scores, labels(evaluation, {}).size(), evaluation.summary);
  report.tables.push_back(std::move(scores));
  if (evaluation.averaged) report.tables.push_back(averaged_table(evaluation));

  std::map<std::string, std::set<std::string>> reasons;
  for (const auto& score : evaluation.scores) {
    if (!score.why.empty()) reasons[score.why].insert(score.unit);
  }
  for (const auto& [why, units] : reasons) {
    report.notes.push_back("undefined (" + why + "): " + listed({units.begin(), units.end()}));
  }
  if (evaluation.null.draws > 0) report.notes.push_back(null_note(evaluation));
  report.notes.insert(report.notes.end(), evaluation.notes.begin(), evaluation.notes.end());
  return report;
}

std::string to_json(const Evaluation& evaluation) {
  Json json = {{"checkpoint", evaluation.checkpoint},
               {"data", evaluation.data},
               {"model", evaluation.model},
               {"split", evaluation.split},
               {"stimuli", evaluation.stimuli}};
  if (evaluation.null.draws > 0) {
    json["null"] = {{"draws", evaluation.null.draws},
                    {"min_shift", evaluation.null.min_shift},
                    {"seed", evaluation.null.seed}};
  }
  if (!evaluation.notes.empty()) json["notes"] = evaluation.notes;
  auto& scores = json["scores"] = Json::array();
  for (const auto& score : evaluation.scores) {
    Json one = {{"unit", score.unit}, {"seed", score.seed}};
    if (evaluation.several_settings) one["setting"] = score.setting;
    one["fold"] = score.fold < 0 ? Json() : Json(score.fold);
    scores.push_back(with_numbers(evaluation, score, std::move(one)));
  }
  json["summary"] = summary_json(evaluation.summary);
  if (evaluation.averaged) {
    Json& averaged = json["averaged"];
    averaged["members"] = evaluation.averaged->members;
    averaged["scores"] = Json::array();
    for (const auto& score : evaluation.averaged->scores) {
      Json one = {{"unit", score.unit}};
      if (evaluation.several_settings) one["setting"] = score.setting;
      averaged["scores"].push_back(with_numbers(evaluation, score, std::move(one)));
    }
    averaged["summary"] = summary_json(evaluation.averaged->summary);
  }
  return json.dump(2);
}

}  // namespace strffit
