#include "commands/train.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "commands/protocol.hpp"
#include "evaluation/averaging.hpp"
#include "evaluation/input_spread.hpp"
#include "evaluation/strfs.hpp"
#include "files/checksum.hpp"
#include "files/paths.hpp"
#include "files/temporary_file.hpp"
#include "files/writer.hpp"
#include "formats/last.hpp"
#include "formats/results.hpp"
#include "formats/unit_mean.hpp"
#include "study/run_folder.hpp"
#include "study/shards.hpp"
#include "study/study.hpp"
#include "training/device.hpp"
#include "training/trainer.hpp"
#include "util/errors.hpp"
#include "util/machine.hpp"
#include "util/memory.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Epochs longer than this are saved at once, so that an interruption costs one epoch at most,
// unless the last save took more than this part of an epoch.
constexpr double kLongEpochSeconds = 3, kKeepingPart = 0.1;

// Passes messages on and writes last.h5.
class Keeper : public Sink {
 public:
  Keeper(std::string path, LastState last, double every_seconds, Observer& observer)
      : path_(std::move(path)),
        last_(std::move(last)),
        every_seconds_(every_seconds),
        observer_(observer) {}

  void began(const std::string& what) override { observer_.began(what); }
  void epoch_done(const EpochReport& report) override { observer_.epoch_done(report); }
  void warning(const std::string& message) override { observer_.warning(message); }
  bool stop_requested() override { return observer_.stop_requested(); }
  bool wants_state(std::int64_t) override {
    const double epoch = seconds_since(std::exchange(epoch_, Clock::now()));
    return seconds_since(saved_) >= every_seconds_ ||
           (epoch >= kLongEpochSeconds && keeping_ <= kKeepingPart * epoch);
  }
  void save(const TrainerState& state) override {
    const auto begun = Clock::now();
    last_.trainer = state;
    write_last(path_, last_);
    last_.trainer.tensors.clear();  // they are the trainer's
    epoch_ = saved_ = Clock::now();
    keeping_ = seconds_since(begun);
  }

 private:
  std::string path_;
  LastState last_;
  double every_seconds_;
  Observer& observer_;
  double keeping_ = 0;                      // seconds that the last save took
  Clock::time_point saved_ = Clock::now();  // the last time
  Clock::time_point epoch_ = saved_;        // when the current epoch began
};

void refuse_changes(const StoredConfig& before, const std::string& path, const StoredConfig& now,
                    Observer& observer) {
  const auto changes = differences(before, now);
  if (!changes.empty()) {
    std::string list;
    for (const auto& change : changes) list += "\n  " + change;
    throw ConfigError(path,
                      "was trained with another configuration, so it cannot go on with this "
                      "one:" +
                          list +
                          "\nUndo that, start anew with --overwrite, or write elsewhere with "
                          "--out DIR");
  }
  for (const auto& change :
       differences_in({"run.device", "run.threads", "run.chunk", "run.tf32", "run.cuda_graphs"},
                      before, now)) {
    observer.warning(change +
                     ": the result may differ from that of an uninterrupted run by "
                     "rounding");
  }
}

void refuse_other_data(const LastState& last, const std::string& file, const std::string& sha256) {
  require_same_data(file, sha256, last.dataset_sha256, "what the run was begun with",
                    ": bring the old file back, or start anew with --overwrite");
}

void refuse_other_core(const LastState& last, const Plan& plan) {
  const std::string now = plan.core ? plan.core->sha256 : "";
  if (last.core_sha256 == now) return;
  throw DataError(plan.core ? plan.core->file : "", "",
                  "is not what the run was begun with (sha256 " + now.substr(0, 12) + "..., then " +
                      last.core_sha256.substr(0, 12) +
                      "...): bring the old file back, or start anew with --overwrite");
}

// A saved state, and whether fit.max_epochs is larger now than it was then.
struct Resumed {
  LastState last;
  bool raised;
};

// Members that ended at the old fit.max_epochs continue where it is larger now.
void reopen(TrainerState& state, const FitOptions& fit) {
  if (fit.solver == Solver::ridge) return;
  for (auto& status : state.status) {
    if (status == MemberStatus::finished) status = MemberStatus::running;
  }
}

// The state to go on from; nothing where training must begin at the start.
std::optional<Resumed> state_to_resume(const Ensemble& ensemble, const RunPaths& paths,
                                       Observer& observer) {
  if (!std::filesystem::exists(paths.last())) {
    if (paths.progress() == Progress::unfinished) {
      observer.began("resume: no state was saved yet, the run begins at its start");
    }
    return std::nullopt;
  }
  LastState last = read_last(paths.last());
  const StoredConfig before =
      read_stored_config(last.config, paths.last() + ": / attribute config");
  refuse_changes(before, paths.last(), read_stored_config(ensemble.resolved, "the configuration"),
                 observer);
  return Resumed{std::move(last), before.config.fit.max_epochs != ensemble.config.fit.max_epochs};
}

// In the order of training.
std::vector<SplitScores> summaries_of(const std::map<std::string, Metrics>& metrics) {
  std::vector<SplitScores> summaries;
  for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
    const auto found = metrics.find(to_string(split));
    if (found == metrics.end()) continue;
    summaries.push_back({found->first, summarise(found->second.at("cc").values),
                         summarise(found->second.at("cc_norm").values)});
  }
  return summaries;
}

// Of the averages that are joined over folds, over units and settings.
std::vector<SplitScores> summaries_of(const Averaged& averaged) {
  std::vector<SplitScores> summaries;
  for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
    const std::string name = to_string(split);
    if (!averaged.metrics.contains(name)) continue;
    summaries.push_back({name, summarise(averaged.joined(name, "cc")),
                         summarise(averaged.joined(name, "cc_norm"))});
  }
  return summaries;
}

// Called where nothing is lost: long work is saved already, or has not begun.
void stop_if_asked(Observer& observer, const char* when) {
  if (observer.stop_requested()) {
    throw Stopped(std::string("stopped on request ") + when + "; go on with --resume");
  }
}

// Checkpoint, then results, whose presence says that an ensemble has finished.
void write_outcome(const Study& study, const Ensemble& ensemble, const FitResult& fit,
                   const RunPaths& paths, Provenance provenance, Observer& observer) {
  Checkpoint checkpoint = empty_checkpoint(study, ensemble);
  checkpoint.epoch = fit.state.epoch;
  checkpoint.tensors = fit.best;
  const auto seen = ensemble.plan.seen();
  checkpoint.spread = input_spread(checkpoint, study.dataset, seen, threads_of(study.config.run),
                                   [&observer] { stop_if_asked(observer, "after training"); });
  checkpoint.batch_of = ensemble.batch_of();
  write_checkpoint(paths.checkpoint(), checkpoint);

  Results results;
  results.roster = checkpoint.roster;
  results.config = ensemble.resolved;
  results.status = fit.state.status;
  results.best_epoch = fit.state.best_epoch;
  results.history = fit.state.history;
  results.ridge = fit.state.ridge;
  if (!provenance.shard.empty()) results.number = ensemble.numbers;
  const ScoringData data{&study.dataset, study.unit_of, study.config.data.smooth_ms > 0,
                         study.config.run,
                         [&observer] { stop_if_asked(observer, "while scoring"); }};
  for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
    const auto series = series_of_members(checkpoint.roster, seen, split);
    if (series.front().stimuli.empty()) continue;
    results.metrics[to_string(split)] =
        as_metrics(score(checkpoint, data, series), checkpoint.roster);
  }
  // A shard lacks members of the averages: merge makes them.
  std::optional<Averaged> averaged;
  if (provenance.shard.empty()) averaged = score_averages(checkpoint, data, seen);
  if (study.config.output.kernels) results.strfs = kernel_strfs(checkpoint);
  results.spread = checkpoint.spread;
  // A shard has some of the seeds and folds.
  if (results.strfs.kernel && results.strfs.kernel_a_unit && provenance.shard.empty() &&
      !study.nested()) {
    add_unit_means(*results.strfs.kernel, checkpoint.roster);
  }
  provenance.end = now_utc();
  results.provenance = std::move(provenance);
  write_results(paths.results(), results, [&](files::Writer& writer) {
    const auto kept = stimuli_to_keep(study, ensemble);
    const auto between = [&observer] { stop_if_asked(observer, "while predictions were written"); };
    put_predictions(writer, checkpoint, study.dataset, kept, study.config.run, between);
    if (!averaged) return;
    put_averaged(writer, *averaged);
    put_averaged_predictions(writer, average_of(checkpoint, seen), *averaged, study.dataset, kept,
                             study.config.run, between);
  });
}

// Trains one ensemble, from its start or from where it was, and writes its files.
void train_ensemble(const Study& study, const Ensemble& ensemble, const RunPaths& paths,
                    std::optional<Resumed> resumed, const TrainRequest& request,
                    TrainOutcome& outcome, TrainObserver& observer) {
  LastState* const last = resumed ? &resumed->last : nullptr;
  if (last) {
    refuse_other_data(*last, study.dataset.file, study.dataset.sha256);
    refuse_other_core(*last, ensemble.plan);
    if (last->trainer.status.size() != ensemble.plan.members.size()) {
      throw DataError(paths.last(), "/members",
                      fmt::format("expected {} members; found {}", ensemble.plan.members.size(),
                                  last->trainer.status.size()));
    }
    if (resumed->raised) {
      if (last->trainer.refitting() && ensemble.config.fit.solver == Solver::gradient) {
        throw ConfigError("fit.max_epochs",
                          "cannot be raised any more: members have been refitted on the validation "
                          "stimuli, or are being; start anew with --overwrite");
      }
      reopen(last->trainer, ensemble.config.fit);
    }
    observer.began(fmt::format("resume after epoch {}", last->trainer.epoch));
  }
  files::write_text(paths.config(), ensemble.resolved);
  stop_if_asked(observer, "before the first epoch");

  const std::string started = last ? last->started : now_utc();
  const RunOptions& run = study.config.run;
  LastState meta{ensemble.resolved, study.dataset.sha256, started, {}};
  if (ensemble.plan.core) meta.core_sha256 = ensemble.plan.core->sha256;
  Keeper keeper(paths.last(), std::move(meta), study.config.output.checkpoint_every, observer);
  FitResult fit = train(ensemble.plan, run, keeper, last ? &last->trainer : nullptr);
  keeper.save(fit.state);
  fit.state.tensors.clear();  // room for predictions
  observer.began(
      fmt::format("training has ended after epoch {}; predicting and scoring", fit.state.epoch));
  write_outcome(study, ensemble, fit, paths,
                {request.command_line, device_of(run).str(), threads_of(run),
                 absolute(study.dataset.file), study.dataset.sha256, started, "", request.shard},
                observer);

  const auto with = [&fit](MemberStatus status) {
    return std::count(fit.state.status.begin(), fit.state.status.end(), status);
  };
  outcome.epochs = std::max(outcome.epochs, fit.state.epoch);
  outcome.members += static_cast<std::int64_t>(ensemble.plan.members.size());
  outcome.stopped_early += with(MemberStatus::stopped_early);
  outcome.failed += with(MemberStatus::failed);
}

}  // namespace

TrainOutcome train_run(const TrainRequest& request, TrainObserver& observer) {
  Study study;
  read_study(study, request.config, request.assignments);
  Shard shard;
  RunOptions cut_by = study.config.run;
  std::string where = study.config.output.folder;
  if (!request.shard.empty()) {
    shard = parse_shard(request.shard);
    cut_by = join_run(where, shard, study.resolved);
    where = shard_folder(where, shard);
  }
  const RunFolder folder(where, request.resume, request.overwrite);
  const RunPaths& paths = folder.paths();
  TrainOutcome outcome;
  outcome.folder = paths.folder;
  const bool again = folder.progress() != Progress::fresh && !request.overwrite;
  // What goes wrong in a shard is looked for in its log, from the first line on.
  if (shard.given()) observer.log_to(paths.log(), again);

  // What is left to do, and from where.
  std::vector<std::optional<Resumed>> resumed(study.ensembles.size());
  std::vector<char> left(study.ensembles.size(), 1);
  std::string sha256;  // of the dataset, where an ensemble has finished
  for (std::size_t e = 0; e < left.size() && !request.overwrite; ++e) {
    const RunPaths own = ensemble_paths(where, study.ensembles[e].folder);
    resumed[e] = state_to_resume(study.ensembles[e], own, observer);
    left[e] = !std::filesystem::exists(own.results()) || (resumed[e] && resumed[e]->raised);
    if (left[e] || !resumed[e]) continue;
    const std::string data = data_file_of(study.config, request.config);
    if (sha256.empty()) sha256 = files::sha256(data);
    refuse_other_data(resumed[e]->last, data, sha256);
    resumed[e].reset();
  }
  const bool finishes = study.chooses() && !shard.given();
  const bool trains = std::find(left.begin(), left.end(), 1) != left.end();
  if (!trains && (!finishes || std::filesystem::exists(paths.study()))) {
    outcome.was_finished = true;
    return outcome;
  }

  observer.began(request.command_line);
  const auto begun = Clock::now();
  const std::string started = now_utc();
  load(study, request.config, shard, cut_by, observer);
  // Not before, so that bad data leave no folder behind.
  if (!shard.given()) observer.log_to(paths.log(), again);
  if (request.overwrite) folder.clear();
  if (trains) std::filesystem::remove(paths.study());  // of fewer epochs
  if (shard.given() || study.ensembles.size() > 1) {
    Share share{shard.given() ? shard : Shard{1, 1}, {}};
    for (const auto& one : study.ensembles) {
      share.parts.push_back(
          {one.folder, static_cast<std::int64_t>(one.plan.members.size()), one.members_all});
    }
    write_share(where, share);
  }
  if (study.ensembles.size() > 1) files::write_text(paths.config(), study.resolved);
  for (std::size_t e = 0; e < left.size(); ++e) {
    const Ensemble& ensemble = study.ensembles[e];
    if (!left[e] || ensemble.plan.members.empty()) continue;
    const RunPaths own = ensemble_paths(where, ensemble.folder);
    if (!ensemble.folder.empty()) {
      make_folder(own.folder);
      observer.began(fmt::format("{}: {} of {} ensembles, {} members of kind {}", ensemble.folder,
                                 e + 1, left.size(), ensemble.plan.members.size(),
                                 ensemble.config.model.kind));
    }
    train_ensemble(study, ensemble, own, std::move(resumed[e]), request, outcome, observer);
    resumed[e].reset();
  }
  if (!shard.given()) {
    if (finishes) {
      stop_if_asked(observer, "before the settings were compared");
      const RunOptions& run = study.config.run;
      outcome.study =
          finish_study(study, where,
                       {request.command_line, device_of(run).str(), threads_of(run),
                        absolute(study.dataset.file), study.dataset.sha256, started, "", ""});
    }
    const AllMembers all = read_members(study, where);
    outcome.scores = summaries_of(all.metrics);
    if (all.averaged) outcome.averaged = summaries_of(*all.averaged);
  }
  outcome.seconds = seconds_since(begun);
  return outcome;
}

DryRun dry_run(const TrainRequest& request, Observer& observer) {
  Study study;
  read_study(study, request.config, request.assignments);
  const Shard shard = request.shard.empty() ? Shard{} : parse_shard(request.shard);
  load(study, request.config, shard, study.config.run, observer);
  DryRun found;
  found.model = study.config.model.kind;
  found.device = device_of(study.config.run).str();
  found.units = study.dataset.units();
  found.stimuli = static_cast<std::int64_t>(study.dataset.stimuli.size());
  found.seeds = static_cast<std::int64_t>(study.config.fit.seeds.size());
  const auto& split = study.config.data.split;
  found.folds = split.outer != 0 ? split.outer * split.inner : split.folds;
  found.settings =
      study.settings.empty() ? 1 : static_cast<std::int64_t>(study.settings.begin()->second.size());
  found.ensembles = static_cast<std::int64_t>(study.ensembles.size());
  for (const auto& ensemble : study.ensembles) {
    if (ensemble.plan.members.empty()) continue;
    found.needs.add(estimate(
        ensemble.plan, study.config.run,
        std::max(scoring_bytes(ensemble.plan, study.config.run), averaging_bytes(ensemble.plan))));
  }
  const double megabytes = found.needs.bytes / 1e6, limit = memory_limit_bytes() / 1e6;
  if (megabytes > limit) {
    observer.warning(
        fmt::format("the run takes {} MB of memory at most, and this process may have {}: fit "
                    "fewer units, seeds or folds at once, or in shards",
                    std::llround(megabytes), std::llround(limit)));
  }
  return found;
}

}  // namespace strffit
