#include "commands/merge.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "commands/protocol.hpp"
#include "commands/train_report.hpp"
#include "evaluation/averaging.hpp"
#include "files/folder_lock.hpp"
#include "files/json.hpp"
#include "files/paths.hpp"
#include "files/reader.hpp"
#include "files/temporary_file.hpp"
#include "formats/averaged.hpp"
#include "formats/checkpoint.hpp"
#include "formats/join.hpp"
#include "formats/provenance.hpp"
#include "study/run_folder.hpp"
#include "study/shards.hpp"
#include "study/study.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/machine.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

// "" where a shard is done.
std::string why_not_done(const std::string& run, const Shard& shard) {
  const std::string folder = shard_folder(run, shard);
  if (!fs::exists(folder)) return "has not begun";
  const std::string error = last_error(folder + "/train.log");
  std::string unfinished = error.empty() ? "has not finished" : "failed: " + error;
  if (!fs::exists(folder + "/share.json")) return unfinished;
  for (const auto& part : read_share(folder).parts) {
    const RunPaths paths = ensemble_paths(folder, part.folder);
    if (part.members > 0 && paths.progress() != Progress::finished) return unfinished;
  }
  return "";
}

// DataError unless the shards have members 0 .. all - 1, each once.
void check_numbers(const std::string& folder, const std::vector<ShardFiles>& shards,
                   std::int64_t all) {
  std::vector<char> found(static_cast<std::size_t>(all), 0);
  for (const auto& shard : shards) {
    for (const auto number : shard.numbers) {
      if (number >= 0 && number < all && !found[static_cast<std::size_t>(number)]) {
        found[static_cast<std::size_t>(number)] = 1;
        continue;
      }
      throw DataError(
          shard.results, "/members/number",
          fmt::format(
              "member {} is in two shards or in none: they were cut differently; fit them anew",
              number));
    }
  }
  const auto missing = std::count(found.begin(), found.end(), 0);
  if (missing > 0) {
    throw DataError(
        folder, "",
        fmt::format("{} members are in no shard: they were cut differently; fit them anew",
                    missing));
  }
}

// Whether units have several members with a setting, so that averages of the run need all shards.
bool averages_some(const Study& study) {
  const auto& split = study.config.data.split;
  return study.config.fit.seeds.size() > 1 || split.folds > 1 || split.outer > 1;
}

// Loads the dataset that the shards were fitted to, for what only the whole run can say. Scores are
// of the CPU: the shards' GPU need not be here. DataError where it has changed or is gone.
void load_of_shards(Study& study, const std::string& config, const std::string& dataset,
                    const std::string& sha256, Observer& observer) {
  study.config.run.device = "cpu";
  study.config.run.tf32 = study.config.run.cuda_graphs = false;
  std::error_code ignored;
  if (!fs::exists(data_file_of(study.config, config), ignored) && fs::exists(dataset, ignored)) {
    study.config.data.file = dataset;  // the same, seen from another folder
  }
  load(study, config, {}, study.config.run, observer);
  require_same_data(study.dataset.file, study.dataset.sha256, sha256,
                    "what the shards were fitted to",
                    ", and merge scores the run on it: bring the old file back");
}

// Puts the averages of an ensemble whose checkpoint is merged.
void put_averages(files::Writer& writer, const Study& study, const Ensemble& ensemble,
                  const std::string& checkpoint, const std::function<void()>& between) {
  Checkpoint merged = read_checkpoint(checkpoint);
  merged.batch_of = ensemble.batch_of();  // as the run in one piece rounds
  const ScoringData data{&study.dataset, study.unit_of, study.config.data.smooth_ms > 0,
                         study.config.run, between};
  const auto seen = ensemble.plan.seen();
  const auto averaged = score_averages(merged, data, seen);
  if (!averaged) return;
  put_averaged(writer, *averaged);
  put_averaged_predictions(writer, average_of(merged, seen), *averaged, study.dataset,
                           stimuli_to_keep(study, ensemble), study.config.run, between);
}

}  // namespace

MergeOutcome merge_run(const MergeRequest& request, Observer& observer) {
  const std::string& run = request.run;
  if (!fs::is_directory(run)) throw ConfigError(run, "expected a run folder; found none");
  const std::int64_t of = shards_in(run);
  if (of == 0) {
    throw ConfigError(run, "expected shards in " + shards_folder(run) +
                               "; found none: strffit train CONFIG --shard I/N makes them");
  }
  const files::FolderLock lock(run);
  const std::string start = now_utc();
  std::string missing;
  for (std::int64_t number = 1; number <= of; ++number) {
    const std::string why = why_not_done(run, {number, of});
    if (!why.empty()) missing += fmt::format("\n  {}/{} {}", number, of, why);
  }
  if (!missing.empty()) {
    throw RunError(
        fmt::format("{}: not all shards are done, so nothing was merged:{}\nFit them with strffit "
                    "train CONFIG --shard I/{} --resume",
                    run, missing, of));
  }

  const RunPaths top{run};
  MergeOutcome outcome{run, of, 0, {}};
  Study study;
  read_study(study, top.config(), {});
  const auto parts = read_share(shard_folder(run, {1, of})).parts;
  if (parts.size() != study.ensembles.size()) {
    throw DataError(
        top.config(), "",
        fmt::format(
            "expected the configuration of the shards, which have {} ensembles; found one with {}",
            parts.size(), study.ensembles.size()));
  }
  bool loaded = false;
  for (std::size_t e = 0; e < parts.size(); ++e) {
    std::vector<ShardFiles> shards;
    for (std::int64_t number = 1; number <= of; ++number) {
      const std::string folder = shard_folder(run, {number, of});
      const auto part = read_share(folder).parts.at(e);
      if (part.members == 0) continue;
      const RunPaths paths = ensemble_paths(folder, part.folder);
      shards.push_back({paths.checkpoint(), paths.results(), member_numbers(paths.results())});
    }
    check_numbers(run, shards, parts[e].members_all);
    outcome.members += parts[e].members_all;
    const RunPaths to = ensemble_paths(run, parts[e].folder);
    make_folder(to.folder);
    const std::string& text_of_config = study.ensembles.at(e).resolved;
    observer.began(fmt::format("merging {} members of {} shards into {}", parts[e].members_all,
                               shards.size(), to.folder));
    join_checkpoints(to.checkpoint(), shards, text_of_config);
    const files::Reader first(shards.front().results, {"strffit-results"});
    const auto text = [&first](const char* name) { return first.string_attribute("/", name); };
    if (!parts[e].folder.empty()) files::write_text(to.config(), text_of_config);
    if (!loaded && (study.chooses() || averages_some(study))) {
      load_of_shards(study, top.config(), text("dataset"), text("dataset_sha256"), observer);
      loaded = true;
    }
    const auto averages = [&](files::Writer& writer) {
      if (!loaded) return;
      put_averages(writer, study, study.ensembles[e], to.checkpoint(), [&observer] {
        if (observer.stop_requested()) throw Stopped("stopped on request; merge can begin again");
      });
    };
    join_results(to.results(), shards, text_of_config,
                 {request.command_line, text("device"), first.integer_attribute("/", "threads"),
                  text("dataset"), text("dataset_sha256"), start, now_utc(), ""},
                 averages);
  }
  if (!study.chooses()) return outcome;
  const RunOptions& options = study.config.run;
  outcome.study = finish_study(study, run,
                               {request.command_line, device_of(options).str(), threads_of(options),
                                absolute(study.dataset.file), study.dataset.sha256, start, "", ""});
  return outcome;
}

Report to_report(const MergeOutcome& outcome) {
  Report report;
  if (outcome.study) report = to_report(*outcome.study);
  report.notes.push_back(fmt::format("{} members of {} shards in {}", outcome.members,
                                     outcome.shards, outcome.folder));
  return report;
}

std::string to_json(const MergeOutcome& outcome) {
  Json json = {
      {"folder", outcome.folder}, {"shards", outcome.shards}, {"members", outcome.members}};
  if (outcome.study) json.update(Json::parse(to_json(*outcome.study)));
  return json.dump(2);
}

}  // namespace strffit
