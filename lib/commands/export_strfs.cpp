#include "commands/export_strfs.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <optional>

#include "commands/chosen.hpp"
#include "evaluation/averaging.hpp"
#include "evaluation/figures.hpp"
#include "evaluation/fitted.hpp"
#include "evaluation/input_spread.hpp"
#include "evaluation/strfs.hpp"
#include "files/json.hpp"
#include "files/paths.hpp"
#include "formats/results.hpp"
#include "formats/unit_mean.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/machine.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

constexpr double kLargestDynamic = 8e9;  // bytes: what one file of dynamic STRFs may hold

void check(const ExportRequest& request) {
  check_figure_format(request.format);
  show_named(request.show);
  weights_shown(request.weights);
}

// Of fields (M, K, ...), those with a best frequency at an edge, each name once.
std::vector<std::string> names_at_edge(const Checkpoint& checkpoint, const Fields& fields,
                                       bool of_units) {
  const Roster& roster = checkpoint.roster;
  const auto& marks = fields.summary.at(kAtEdge);
  const auto M = marks.dim(0), K = marks.dim(1);
  const auto each = marks.size() / std::max<std::int64_t>(1, M * K);
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < M * K; ++i) {
    const float* const own = marks.data() + i * each;
    if (std::none_of(own, own + each, [](float mark) { return mark > 0; })) continue;
    const auto& member = roster.members[static_cast<std::size_t>(i / K)];
    const std::string name =
        of_units || roster.independent()
            ? roster.unit_ids[static_cast<std::size_t>(roster.unit_of(member, i % K))]
            : "member " + std::to_string(i / K);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

// Scores on the test stimuli for the figures, where a run folder has them.
Array<double> test_scores(const std::string& path, const Roster& roster) {
  const RunPaths paths{path};
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored) ||
      !std::filesystem::exists(paths.results(), ignored)) {
    return {};
  }
  const auto summary = read_results(paths.results());
  const auto split = summary.metrics.find("test");
  if (split == summary.metrics.end() || !split->second.contains("cc_norm")) return {};
  const auto& scores = split->second.at("cc_norm");
  const Shape shape = {static_cast<std::int64_t>(roster.members.size()), roster.outputs()};
  return scores.shape == shape ? scores : Array<double>{};
}

// (M, N, T, F, L) of one stimulus.
Array<float> dynamic_of(const Checkpoint& checkpoint, const Stimulus& stimulus) {
  const auto members = static_cast<std::int64_t>(checkpoint.roster.members.size());
  const Model& model = *checkpoint.model;
  const Shape shape = {members, model.outputs(), stimulus.frames(), stimulus.spectrogram.dim(0),
                       model.context()};
  double bytes = sizeof(float);
  for (const auto size : shape) bytes *= static_cast<double>(size);
  if (bytes > kLargestDynamic) {
    throw RunError(
        fmt::format("the dynamic receptive fields {} of stimulus {} take {} GB, more than the 8 GB "
                    "that are written at most: fit fewer units or seeds into one run",
                    to_string(shape), stimulus.key, std::llround(bytes / 1e9)));
  }
  Array<float> all(shape);
  auto to = all.values.begin();
  for (std::int64_t m = 0; m < members; ++m) {
    const auto one = dynamic_strf(checkpoint, m, stimulus.spectrogram);
    to = std::copy(one.values.begin(), one.values.end(), to);
  }
  return all;
}

}  // namespace

ExportOutcome export_strfs(const ExportRequest& request, Observer& observer) {
  check(request);
  const std::string start = now_utc();
  const RunOptions run = run_options(request.device, request.threads);
  ChosenMembers chosen = chosen_members(request.path);
  Checkpoint& checkpoint = chosen.checkpoint;
  const Weights weights = weights_shown(request.weights);
  const std::string out =
      !request.out.empty()
          ? request.out
          : (std::filesystem::path(checkpoint.file).parent_path() / "strfs.h5").string();
  refuse_to_replace(out, "strffit-results");
  find_input_spread(checkpoint, request.data, threads_of(run), observer);
  Results results;
  results.roster = checkpoint.roster;
  results.config = checkpoint.config;
  results.provenance = {request.command_line, "cpu", threads_of(run), "", "", start, ""};
  results.strfs = kernel_strfs(checkpoint, weights);
  results.spread = checkpoint.spread;
  ExportOutcome outcome;

  std::optional<Dataset> dataset;
  if (request.gradient || !request.dynamic.empty()) {
    const std::string file = request.data.empty() ? dataset_of(checkpoint) : request.data;
    dataset = read_stimuli_for(checkpoint, file, observer);
    results.provenance.dataset = absolute(dataset->file);
    results.provenance.dataset_sha256 = dataset->sha256;
  }
  const auto stop_if_asked = [&observer] {
    if (observer.stop_requested()) throw Stopped("stopped on request; nothing was written");
  };
  std::optional<Averaged> averaged;
  std::optional<AveragedFields> averaged_fields;
  if (request.gradient) {
    observer.began(fmt::format(
        "gradient receptive fields over {}",
        counted(static_cast<std::int64_t>(dataset->stimuli.size()), "stimulus", "stimuli")));
    std::vector<std::size_t> all(dataset->stimuli.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    results.strfs.gradient = summarised_gradients(
        gradient_strfs(checkpoint, *dataset, all, threads_of(run), stop_if_asked), checkpoint,
        weights);
    if (has_averages(checkpoint.roster)) {
      const Fields& gradient = *results.strfs.gradient;
      MeanFields raw = average_fields(gradient.fields, checkpoint.roster);
      Array<float> per_sd;
      if (gradient.per_sd.size() > 0) {
        per_sd = average_fields(gradient.per_sd, checkpoint.roster).mean;
      }
      averaged = averages_in(checkpoint.roster);
      averaged_fields = {summarised(std::move(raw.mean), checkpoint.roster.axes,
                                    checkpoint.model->ahead(), std::move(per_sd), gradient.weights),
                         std::move(raw.sd), results.strfs.lags_ms, results.strfs.frequencies_hz};
    }
    outcome.gradients = count(results.strfs.gradient->fields.shape) /
                        (dataset->bands() * checkpoint.model->context());
  }
  if (data_options_of(checkpoint).split.outer == 0) {
    auto& kernel = results.strfs.kernel;
    auto& gradient = results.strfs.gradient;
    if (kernel && results.strfs.kernel_a_unit) add_unit_means(*kernel, checkpoint.roster);
    if (gradient) add_unit_means(*gradient, checkpoint.roster);
  }
  for (const auto& key : request.dynamic) {
    stop_if_asked();
    const Stimulus& stimulus = dataset->stimuli[stimulus_of(*dataset, key)];
    results.strfs.dynamic[stimulus.key] = dynamic_of(checkpoint, stimulus);
  }
  outcome.chosen = chosen.note;
  outcome.dynamic = static_cast<std::int64_t>(results.strfs.dynamic.size());
  if (!results.strfs.kernel && !results.strfs.gradient && results.strfs.dynamic.empty()) {
    throw ConfigError(checkpoint.file, "a " + checkpoint.model->kind() +
                                           " model has no kernels; its receptive fields are "
                                           "gradients: add --gradient");
  }
  const bool draws = results.strfs.kernel || results.strfs.gradient;
  if (!request.plot.empty() && !draws) {
    throw ConfigError(
        "--plot", "draws kernels and gradient receptive fields, and a " + checkpoint.model->kind() +
                      " model has no kernels: add --gradient, or leave --plot out; those of "
                      "--dynamic are in the file alone");
  }
  if (results.strfs.kernel) {
    const auto& shape = results.strfs.kernel->fields.shape;
    outcome.kernels = shape[0] * shape[1];
  }
  const bool kernel_a_unit = checkpoint.model->backbone().response_kernel() != nullptr;
  if (const auto& shown = results.strfs.gradient ? results.strfs.gradient : results.strfs.kernel) {
    outcome.at_edge =
        names_at_edge(checkpoint, *shown, kernel_a_unit || results.strfs.gradient.has_value());
  }
  if (!request.truth.empty()) {
    const auto fields = unit_fields(checkpoint, results.strfs);
    if (fields.empty()) {
      throw ConfigError("--truth",
                        "the kernels of this model are not those of single units: add "
                        "--gradient, whose receptive fields can be compared");
    }
    outcome.recovery = compare_with_truth(checkpoint, fields, request.truth);
  }
  outcome.out = out;
  results.provenance.end = now_utc();
  write_results(outcome.out, results, [&](files::Writer& writer) {
    if (!averaged) return;
    put_averaged(writer, *averaged);
    put_averaged_fields(writer, *averaged_fields);
  });
  if (!request.plot.empty()) {
    outcome.plot = request.plot;
    outcome.figures =
        draw_figures(request.plot, request.format, checkpoint, results.strfs,
                     test_scores(request.path, checkpoint.roster), show_named(request.show));
  }
  return outcome;
}

Report to_report(const ExportOutcome& outcome) {
  Report report;
  if (!outcome.recovery.empty()) {
    Table table{"correlation with the true receptive fields", {"unit", "seed", "fold", "r"}, {}};
    double sum = 0;
    for (const auto& one : outcome.recovery) {
      table.rows.push_back({one.unit, std::to_string(one.seed), std::to_string(one.fold),
                            score_text(one.correlation)});
      sum += one.correlation;
    }
    table.rows.push_back(
        {"mean", "", "", score_text(sum / static_cast<double>(outcome.recovery.size()))});
    report.tables.push_back(std::move(table));
  }
  const auto tell = [&report](std::int64_t number_of, const std::string& what) {
    if (number_of > 0) report.notes.push_back(fmt::format("{} {}", number_of, what));
  };
  if (!outcome.chosen.empty()) report.notes.push_back(outcome.chosen);
  tell(outcome.kernels, "kernels in " + outcome.out);
  tell(outcome.gradients, "gradient receptive fields in " + outcome.out);
  tell(outcome.dynamic, "stimuli with dynamic receptive fields in " + outcome.out);
  if (!outcome.at_edge.empty()) {
    report.notes.push_back(
        "best frequency in the lowest or highest band, beyond which it may lie: " +
        listed(outcome.at_edge));
  }
  if (!outcome.figures.empty()) {
    tell(static_cast<std::int64_t>(outcome.figures.size()),
         "figures in " + outcome.plot + ", all receptive fields on its contact sheets" +
             (outcome.dynamic > 0 ? " but the dynamic ones, which are in the file alone" : ""));
  }
  return report;
}

std::string to_json(const ExportOutcome& outcome) {
  Json json = {{"out", outcome.out},
               {"kernels", outcome.kernels},
               {"gradients", outcome.gradients},
               {"dynamic", outcome.dynamic},
               {"figures", outcome.figures},
               {"chosen", outcome.chosen},
               {"best_frequency_at_edge", outcome.at_edge}};
  for (const auto& one : outcome.recovery) {
    json["recovery"].push_back({{"unit", one.unit},
                                {"seed", one.seed},
                                {"fold", one.fold},
                                {"correlation", one.correlation}});
  }
  return json.dump(2);
}

}  // namespace strffit
