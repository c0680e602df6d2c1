#include "commands/inspect.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "commands/inspect_dataset.hpp"
#include "commands/train_report.hpp"
#include "files/json.hpp"
#include "files/reader.hpp"
#include "formats/average_file.hpp"
#include "formats/averaged.hpp"
#include "formats/checkpoint.hpp"
#include "formats/last.hpp"
#include "formats/results.hpp"
#include "formats/study_file.hpp"
#include "metrics/summarise.hpp"
#include "study/run_folder.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

constexpr const char* kMeanScores = "mean scores";

// Lines of an overview and the same in JSON.
class Overview {
 public:
  Overview(const std::string& format, const std::string& file) : table_{format, {}, {}} {
    add("file", file);
    json_["format"] = format;
  }
  template <class T>
  void add(const std::string& name, const T& content) {
    json_[name] = content;
    if constexpr (std::is_same_v<T, std::string>) {
      table_.rows.push_back({name, content});
    } else if constexpr (std::is_floating_point_v<T>) {
      table_.rows.push_back({name, number(content)});
    } else {
      table_.rows.push_back({name, std::to_string(content)});
    }
  }
  Table table_;
  Json json_;
};

Inspection finished(Overview overview, std::vector<Table> tables = {}) {
  Inspection inspection;
  inspection.report.tables.push_back(std::move(overview.table_));
  for (auto& table : tables) inspection.report.tables.push_back(std::move(table));
  inspection.json = overview.json_.dump(2);
  return inspection;
}

void add_roster(Overview& overview, const Roster& roster) {
  overview.add("frame_ms", roster.axes.dt_ms);
  overview.add("bands", static_cast<std::int64_t>(roster.axes.frequencies_hz.size()));
  overview.add("units", roster.units());
  overview.add("members", static_cast<std::int64_t>(roster.members.size()));
  overview.add("mode", std::string(roster.independent() ? "independent" : "population"));
  overview.add("skipped_units", static_cast<std::int64_t>(roster.skipped.size()));
}

// "12 finished, 3 failed".
std::string counted(const std::vector<MemberStatus>& status) {
  std::map<std::string, int> counts;
  for (const auto one : status) ++counts[to_string(one)];
  std::string text;
  for (const auto& [word, n] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, word);
  }
  return text;
}

Inspection inspect_checkpoint(const std::string& file) {
  const Checkpoint checkpoint = read_checkpoint(file);
  Overview overview("strffit-checkpoint", file);
  overview.add("model", checkpoint.model->kind());
  overview.add("parameters", checkpoint.model->parameter_count());
  overview.add("context_frames", checkpoint.model->context());
  overview.add("epoch", checkpoint.epoch);
  add_roster(overview, checkpoint.roster);
  if (!checkpoint.dataset.empty()) overview.add("dataset", checkpoint.dataset);
  Table tensors{"tensors of a member", {"name", "shape"}, {}};
  for (const auto& entry : checkpoint.model->entries()) {
    tensors.rows.push_back({entry.name, to_string(entry.shape)});
    overview.json_["tensors"][entry.name] = entry.shape;
  }
  return finished(std::move(overview), {std::move(tensors)});
}

// What a study says beyond its members, before what its members say, whose scores are not its own.
void add_study(Inspection& inspection, const std::string& file) {
  const StudyFile study = read_study_file(file);
  StudyOutcome outcome{study.roster.settings, study.choice, {}, 0, {}};
  if (study.nested) {
    outcome.nested = study.nested->of_units;
    outcome.outer = study.nested->setting.dim(0);
  }
  auto& tables = inspection.report.tables;
  for (auto& table : tables) {
    if (table.title == kMeanScores && study.nested) {
      table.title =
          "mean scores of the members, which are models of inner folds: not those of the run";
    }
  }
  auto first = to_report(outcome).tables;
  tables.insert(tables.begin() + 1, first.begin(), first.end());
  inspection.report.notes.push_back(study.nested
                                        ? "strffit eval prints the nested scores of each unit"
                                        : "strffit eval prints the scores of the best setting");
  Json json = Json::parse(inspection.json);
  for (const auto& [name, of_units] : outcome.nested) {
    json["nested"][name] = {{"mean", json_number(of_units.first)},
                            {"standard_error", json_number(of_units.second)}};
  }
  if (!study.roster.settings.empty()) {
    json["best_setting"] = study.choice.best < 0 ? Json() : Json(study.choice.best);
  }
  inspection.json = json.dump(2);
}

Inspection inspect_results(const std::string& file) {
  const Results results = read_results(file);
  Overview overview("strffit-results", file);
  add_roster(overview, results.roster);
  const Provenance& from = results.provenance;
  auto facts = from.written_by;
  facts.insert({{"command_line", from.command_line},
                {"dataset", from.dataset},
                {"dataset_sha256", from.dataset_sha256},
                {"device", from.device},
                {"end", from.end},
                {"start", from.start}});
  for (const auto& [name, text] : facts) {
    if (!text.empty()) overview.add(name, text);
  }
  std::size_t epochs = 0;
  for (const auto& [name, rows] : results.history) epochs = std::max(epochs, rows.size());
  if (epochs > 0) overview.add("epochs", static_cast<std::int64_t>(epochs));
  if (!results.status.empty()) overview.add("status", counted(results.status));
  overview.add("predicted_stimuli", static_cast<std::int64_t>(predicted_stimuli(file).size()));
  const auto averaged = read_averaged(file);
  if (averaged) {
    const auto& members = averaged->members.values;
    overview.add("averaged_members", *std::max_element(members.begin(), members.end()));
    for (const auto& [split, metrics] : averaged->metrics) {
      const double mean = summarise(averaged->joined(split, "cc_norm")).mean;
      overview.add(split + "_cc_norm_averaged", mean);
    }
  }
  const Strfs strfs = read_strfs(file);
  if (strfs.kernel) overview.add("strf_kernel", to_string(strfs.kernel->fields.shape));
  if (strfs.gradient) overview.add("strf_gradient", to_string(strfs.gradient->fields.shape));
  std::vector<Table> tables;
  if (!results.metrics.empty()) {
    Table scores{kMeanScores, {"metric"}, {}};
    std::map<std::string, std::vector<std::string>> rows;
    for (const auto& [split, metrics] : results.metrics) {
      scores.header.push_back(split);
      for (const auto& [name, values] : metrics) {
        const double mean = summarise(values.values).mean;
        auto& row = rows[name];
        row.resize(scores.header.size() - 2, "-");  // splits without this metric
        row.push_back(number(mean));
        overview.json_["mean_scores"][split][name] = json_number(mean);
      }
    }
    for (auto& [name, cells] : rows) {
      cells.insert(cells.begin(), name);
      cells.resize(scores.header.size(), "-");
      scores.rows.push_back(cells);
    }
    tables.push_back(std::move(scores));
  }
  return finished(std::move(overview), std::move(tables));
}

Inspection inspect_last(const std::string& file) {
  const LastState last = read_last(file);
  Overview overview("strffit-last", file);
  overview.add("epoch", last.trainer.epoch);
  overview.add("members", static_cast<std::int64_t>(last.trainer.status.size()));
  overview.add("status", counted(last.trainer.status));
  const auto& best = last.trainer.best_score;
  overview.add("mean_best_score", summarise(best).mean);
  overview.add("started", last.started);
  overview.add("dataset_sha256", last.dataset_sha256);
  return finished(std::move(overview));
}

Inspection inspect_average(const std::string& file) {
  const AverageFile average = read_average(file);
  Overview overview("strffit-average", file);
  overview.add("weights", average.weights);
  if (!average.provenance.dataset.empty()) overview.add("dataset", average.provenance.dataset);
  Table parts{"parts", {"file", "run", "model", "members", "weight"}, {}};
  for (const auto& part : average.parts) {
    const Checkpoint checkpoint = read_checkpoint(part.checkpoint);
    parts.rows.push_back({part.checkpoint, part.run, checkpoint.model->kind(),
                          std::to_string(checkpoint.members()), number(part.weight)});
    overview.json_["parts"].push_back({{"file", part.checkpoint},
                                       {"run", part.run},
                                       {"model", checkpoint.model->kind()},
                                       {"members", checkpoint.members()},
                                       {"weight", part.weight}});
  }
  return finished(std::move(overview), {std::move(parts)});
}

std::string file_of(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return path;
  if (const auto average = average_file_of(path); !average.empty()) return average;
  const RunPaths paths{path};
  for (const auto& file : {paths.results(), paths.study(), paths.last(), paths.checkpoint()}) {
    if (std::filesystem::exists(file, ignored)) return file;
  }
  throw DataError(path, "", "expected a run folder; found neither results.h5 nor last.h5 in it");
}

}  // namespace

Inspection inspect(const std::string& path) {
  const std::string file = file_of(path);
  const std::string format =
      files::Reader(file, {"strffit-dataset", "strffit-checkpoint", "strffit-results",
                           "strffit-last", "strffit-average"})
          .format();
  if (format == "strffit-dataset") return inspect_dataset(file);
  if (format == "strffit-checkpoint") return inspect_checkpoint(file);
  if (format == "strffit-last") return inspect_last(file);
  if (format == "strffit-average") return inspect_average(file);
  Inspection inspection = inspect_results(file);
  std::error_code ignored;
  const std::string beside = RunPaths{path}.study();
  const bool of_run =
      std::filesystem::is_directory(path, ignored) && std::filesystem::exists(beside, ignored);
  const std::string study = of_run ? beside : file;
  if (files::Reader(study, {"strffit-results"}).exists("/best")) add_study(inspection, study);
  return inspection;
}

}  // namespace strffit
