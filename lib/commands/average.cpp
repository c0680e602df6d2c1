#include "commands/average.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "commands/protocol.hpp"
#include "dataset/prepare.hpp"
#include "evaluation/average_run.hpp"
#include "evaluation/weights.hpp"
#include "files/folder_lock.hpp"
#include "files/json.hpp"
#include "files/paths.hpp"
#include "formats/results.hpp"
#include "study/run_folder.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/machine.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

void refuse_two_settings(const Checkpoint& checkpoint, const std::string& run) {
  std::map<std::int64_t, std::int64_t> setting_of;
  for (const auto& member : checkpoint.roster.members) {
    if (setting_of.try_emplace(member.unit, member.setting).first->second == member.setting)
      continue;
    throw ConfigError(run,
                      "holds several settings of a sweep: strffit best RUN --average K --out DIR "
                      "averages its best ones, strffit best RUN --out FILE cuts one out");
  }
}

RunToAverage read_run(const std::string& path) {
  const std::string average = average_file_of(path);
  if (average.empty()) {
    RunToAverage run{path, {}, {1}};
    run.parts.push_back(read_checkpoint(checkpoint_of(path)));
    refuse_two_settings(run.parts.front(), path);
    return run;
  }
  AverageRun read = read_average_run(average);
  RunToAverage run{path, std::move(read.parts), {}};
  double sum = 0;
  for (const auto& part : read.file.parts) sum += part.weight;
  for (const auto& part : read.file.parts) run.shares.push_back(part.weight / sum);
  return run;
}

// The weights that a text names; empty where validation is to choose.
std::vector<double> weights_in(const std::string& text, std::size_t runs) {
  if (text == "validation") return {};
  if (text == "equal") return std::vector<double>(runs, 1 / static_cast<double>(runs));
  const auto refuse = [&] {
    throw ConfigError("--weights", "expected equal, validation, or a number above 0 for each of " +
                                       std::to_string(runs) + " runs, such as 0.65,0.35; found \"" +
                                       text + "\"");
  };
  std::vector<double> weights;
  std::stringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    std::size_t used = 0;
    double weight = 0;
    try {
      weight = std::stod(item, &used);
    } catch (const std::exception&) {
      refuse();
    }
    if (used != item.size() || !(weight > 0) || std::isinf(weight)) refuse();
    weights.push_back(weight);
  }
  if (weights.size() != runs || text.ends_with(',')) refuse();
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (auto& weight : weights) weight /= sum;
  return weights;
}

// A part of a run, with the partition of each fold of the dataset.
struct LoadedPart {
  const Checkpoint* checkpoint;
  std::vector<Partition> partitions;
};

// The stimuli that are in this split in any fold, ascending.
std::vector<std::size_t> stimuli_in_split(const std::vector<Partition>& partitions,
                                          SplitName split) {
  std::set<std::size_t> stimuli;
  for (const auto& partition : partitions) {
    const auto& own = partition.of(split);
    stimuli.insert(own.begin(), own.end());
  }
  return {stimuli.begin(), stimuli.end()};
}

std::vector<std::string> keys_in_split(const Dataset& dataset,
                                       const std::vector<Partition>& partitions, SplitName split) {
  std::vector<std::string> keys;
  for (const auto s : stimuli_in_split(partitions, split)) keys.push_back(dataset.stimuli[s].key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

NamedProtocol protocol_of_part(const LoadedPart& part, const std::string& run,
                               const Dataset& dataset, SplitName split) {
  const Checkpoint& checkpoint = *part.checkpoint;
  const DataOptions options = data_options_of(checkpoint);
  Protocol protocol{checkpoint.dataset_sha256,  checkpoint.roster.axes.dt_ms,
                    options.smooth_ms,          keys_in_split(dataset, part.partitions, split),
                    checkpoint.roster.unit_ids, options.split.outer};
  std::sort(protocol.units.begin(), protocol.units.end());
  return {run, checkpoint.dataset, std::move(protocol)};
}

// The runs to average, with the dataset that they predict.
struct Loaded {
  std::vector<std::vector<LoadedPart>> runs;
  Dataset dataset;
  std::vector<std::int64_t> unit_of;
  bool smoothed = false;
};

void refuse_unknown_data(const std::vector<RunToAverage>& runs) {
  for (const auto& run : runs) {
    for (const auto& part : run.parts) {
      if (!part.dataset_sha256.empty()) continue;
      throw DataError(part.file, "/ attribute dataset_sha256",
                      "expected the checksum of what was fitted, without which nobody knows which "
                      "stimuli a member has seen");
    }
  }
}

Loaded load_runs(const std::vector<RunToAverage>& runs, const AverageRequest& request,
                 Observer& observer) {
  refuse_unknown_data(runs);
  const Checkpoint& first = runs.front().parts.front();
  Loaded loaded;
  const auto name_first = [&](const Checkpoint& part, const std::string& run) {
    // Before the data are read, since another dataset is the most common mistake.
    const NamedProtocol a{runs.front().name, first.dataset, {first.dataset_sha256, 0, 0, {}, {}}};
    const NamedProtocol b{run, part.dataset, {part.dataset_sha256, 0, 0, {}, {}}};
    require_same_protocol(a, b, "averaged", "test", false);
  };
  for (const auto& run : runs) {
    for (const auto& part : run.parts) name_first(part, run.name);
  }
  const std::string file = request.data.empty() ? dataset_of(first) : request.data;
  loaded.dataset = read_units_of(first, file, [](const Dataset& known) {
    std::set<std::size_t> all;
    for (std::size_t s = 0; s < known.stimuli.size(); ++s) all.insert(s);
    return all;
  });
  Dataset& dataset = loaded.dataset;
  warn_of_unrecorded(dataset, observer);
  require_same_data(file, dataset.sha256, first.dataset_sha256, "what the runs were fitted to",
                    ", so nobody knows which stimuli a member has seen: name that file with "
                    "--data");
  for (const auto& run : runs) {
    auto& parts = loaded.runs.emplace_back();
    for (const auto& part : run.parts) {
      check_axes(part, dataset);
      parts.push_back({&part, partitions_of_fit(part, dataset)});
    }
  }
  for (const SplitName split : {SplitName::test, SplitName::valid}) {
    const auto reference =
        protocol_of_part(loaded.runs.front().front(), runs.front().name, dataset, split);
    for (std::size_t r = 0; r < runs.size(); ++r) {
      for (const auto& part : loaded.runs[r]) {
        require_same_protocol(reference, protocol_of_part(part, runs[r].name, dataset, split),
                              "averaged", to_string(split), false);
      }
    }
  }
  loaded.unit_of = places_of_units(first, dataset);
  const double smooth_ms = data_options_of(first).smooth_ms;
  loaded.smoothed = smooth_ms > 0;
  if (loaded.smoothed) smooth(dataset, smooth_ms);
  return loaded;
}

// The average of the runs that have a weight above 0.
Average mean_of(const std::vector<RunToAverage>& runs, const Loaded& loaded,
                const std::vector<double>& weights) {
  std::vector<const Checkpoint*> parts;
  std::vector<double> of_parts;
  std::vector<std::vector<Partition>> partitions;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (!(weights[r] > 0)) continue;
    for (std::size_t p = 0; p < runs[r].parts.size(); ++p) {
      parts.push_back(&runs[r].parts[p]);
      of_parts.push_back(weights[r] * runs[r].shares[p]);
      partitions.push_back(loaded.runs[r][p].partitions);
    }
  }
  return average_of_parts(parts, of_parts, partitions);
}

Summary summary_of_cc_norm(const std::vector<UnitMetrics>& scores) {
  std::vector<double> values;
  for (const auto& score : scores) values.push_back(score.cc_norm);
  return summarise(values);
}

bool has_stimuli(const Loaded& loaded, SplitName split) {
  return !stimuli_in_split(loaded.runs.front().front().partitions, split).empty();
}

// ConfigError if the folder holds a run that is not an average.
void refuse_other_runs(const std::string& out) {
  const RunPaths paths{out};
  const bool average = !average_file_of(out).empty();
  if (!average &&
      (paths.progress() != Progress::fresh || is_there(paths.checkpoint()) ||
       is_there(out + "/shards") || is_there(ensemble_paths(out, "ensemble-0").folder))) {
    throw ConfigError(out,
                      "holds a run that is no average of runs, which is not replaced: --out "
                      "DIR writes elsewhere");
  }
  if (is_there(out) && !fs::is_directory(out))
    throw ConfigError(out, "is a file: --out names the run folder to write");
}

std::string kinds_of(const RunToAverage& run) {
  std::set<std::string> kinds;
  for (const auto& part : run.parts) kinds.insert(part.model->kind());
  std::string text;
  for (const auto& kind : kinds) text += (text.empty() ? "" : " + ") + kind;
  return text;
}

// Removes an earlier average, then writes the parts, average.h5 and results.h5, in this order.
void write_average_run(const std::vector<RunToAverage>& runs, const Loaded& loaded,
                       const std::vector<double>& weights, const AverageRequest& request,
                       const std::string& how, Results results, const Average& average,
                       const RunOptions& run, const std::function<void()>& between) {
  make_folder(request.out);
  const files::FolderLock lock(request.out);
  const RunPaths paths{request.out};
  const std::string file = request.out + "/" + kAverageName;
  std::error_code ignored;
  fs::remove(file, ignored);
  fs::remove(paths.results(), ignored);
  AverageFile written{"", {}, how, results.provenance};
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (!(weights[r] > 0)) continue;
    for (std::size_t p = 0; p < runs[r].parts.size(); ++p) {
      between();
      const std::string part = request.out + "/" + average_part_name(written.parts.size());
      write_checkpoint(part, runs[r].parts[p]);
      written.parts.push_back({part, absolute(runs[r].name), weights[r] * runs[r].shares[p]});
    }
  }
  for (std::size_t p = written.parts.size();; ++p) {  // of an earlier average with more
    if (!fs::remove(request.out + "/" + average_part_name(p), ignored)) break;
  }
  write_average(file, written);
  const auto tested = stimuli_in_split(loaded.runs.front().front().partitions, SplitName::test);
  write_results(paths.results(), results, [&](files::Writer& writer) {
    put_mean_predictions(writer, average, loaded.dataset, tested, run, between);
  });
}

}  // namespace

AverageOutcome average_of_runs(const std::vector<RunToAverage>& runs, const AverageRequest& request,
                               Observer& observer) {
  if (runs.size() < 2) throw ConfigError("RUN", "expected at least two runs to average");
  const std::string start = now_utc();
  std::vector<double> weights = weights_in(request.weights, runs.size());
  const RunOptions run = run_options(request.device, request.threads);
  refuse_other_runs(request.out);
  const Loaded loaded = load_runs(runs, request, observer);
  const auto between = [&observer] {
    if (observer.stop_requested()) throw Stopped("stopped on request; nothing was averaged");
  };
  const ScoringData data{&loaded.dataset, loaded.unit_of, loaded.smoothed, run, between};

  AverageOutcome outcome;
  outcome.out = request.out;
  outcome.weights = weights.empty() ? "validation" : request.weights == "equal" ? "equal" : "given";
  std::vector<Average> alone;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    std::vector<double> only(runs.size(), 0);
    only[r] = 1;
    alone.push_back(mean_of(runs, loaded, only));
  }
  if (weights.empty()) {
    if (!has_stimuli(loaded, SplitName::valid)) {
      throw ConfigError("--weights",
                        "there are no validation stimuli to choose by; take equal, or "
                        "give a number for each run");
    }
    weights = choose_weights(alone, data, Averages::valid).weights;
  }
  const Average average = mean_of(runs, loaded, weights);

  Results results;
  std::vector<const Checkpoint*> parts;
  for (const auto& one : runs) {
    for (const auto& part : one.parts) parts.push_back(&part);
  }
  results.roster = roster_of_parts(parts);
  if (results.roster.unit_ids == loaded.dataset.unit_ids)
    results.roster.unit_facts = loaded.dataset.unit_facts;
  const auto no_scores = std::vector<UnitMetrics>();
  outcome.valid = outcome.test = summary_of_cc_norm(no_scores);
  for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
    if (!has_stimuli(loaded, split)) continue;
    const auto scores = score_average(average, data, averages_of(split));
    results.metrics[to_string(split)] = as_metrics(scores, {1, results.roster.units()});
    if (split == SplitName::valid) outcome.valid = summary_of_cc_norm(scores);
    if (split == SplitName::test) outcome.test = summary_of_cc_norm(scores);
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    WeighedRun one{runs[r].name,
                   kinds_of(runs[r]),
                   0,
                   weights[r],
                   summary_of_cc_norm(no_scores),
                   summary_of_cc_norm(no_scores)};
    for (const auto& part : runs[r].parts) one.members += part.members();
    if (has_stimuli(loaded, SplitName::valid))
      one.valid = summary_of_cc_norm(score_average(alone[r], data, Averages::valid));
    if (has_stimuli(loaded, SplitName::test))
      one.test = summary_of_cc_norm(score_average(alone[r], data, Averages::test));
    outcome.runs.push_back(std::move(one));
  }
  results.provenance = {request.command_line,
                        device_of(run).str(),
                        threads_of(run),
                        absolute(loaded.dataset.file),
                        loaded.dataset.sha256,
                        start,
                        now_utc()};
  write_average_run(runs, loaded, weights, request, outcome.weights, std::move(results), average,
                    run, between);
  return outcome;
}

AverageOutcome average_runs(const AverageRequest& request, Observer& observer) {
  if (request.runs.size() < 2) throw ConfigError("RUN", "expected at least two runs to average");
  weights_in(request.weights, request.runs.size());
  std::vector<RunToAverage> runs;
  for (const auto& path : request.runs) {
    std::error_code ignored;
    if (fs::equivalent(path, request.out, ignored)) {
      throw ConfigError("--out", request.out + " is one of the runs: write elsewhere");
    }
    runs.push_back(read_run(path));
  }
  return average_of_runs(runs, request, observer);
}

Report to_report(const AverageOutcome& outcome) {
  Table table{
      "cc_norm, means over units", {"run", "model", "members", "weight", "valid", "test"}, {}};
  for (const auto& run : outcome.runs) {
    table.rows.push_back({run.run, run.model, std::to_string(run.members), number(run.weight),
                          score_text(run.valid.mean), score_text(run.test.mean)});
  }
  table.rows.push_back(
      {"average", "", "", "", score_text(outcome.valid.mean), score_text(outcome.test.mean)});
  Report report{{std::move(table)}, {}};
  if (outcome.weights == "validation") {
    report.notes.emplace_back(
        "the weights were chosen on the validation stimuli: the average's score on these is too "
        "good; that on the test stimuli is fair");
  }
  report.notes.push_back("the average is the run " + outcome.out);
  return report;
}

std::string to_json(const AverageOutcome& outcome) {
  const auto summary = [](const Summary& one) {
    return Json{{"mean_cc_norm", json_number(one.mean)},
                {"median_cc_norm", json_number(one.median)},
                {"units", one.count},
                {"left_out", one.left_out}};
  };
  Json json = {{"out", outcome.out}, {"weights", outcome.weights}, {"runs", Json::array()}};
  for (const auto& run : outcome.runs) {
    json["runs"].push_back({{"run", run.run},
                            {"model", run.model},
                            {"members", run.members},
                            {"weight", run.weight},
                            {"valid", summary(run.valid)},
                            {"test", summary(run.test)}});
  }
  json["average"] = {{"valid", summary(outcome.valid)}, {"test", summary(outcome.test)}};
  return json.dump(2);
}

}  // namespace strffit
