#include "study/study.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <system_error>

#include "dataset/inspect.hpp"
#include "dataset/prepare.hpp"
#include "evaluation/fitted.hpp"
#include "files/paths.hpp"
#include "ops/blas_core.hpp"
#include "study/core.hpp"
#include "study/run_folder.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/frequency.hpp"
#include "util/listed.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

void tell_versions(const RunOptions& run, Observer& observer) {
  std::string line;
  for (const auto& [name, version] : library_versions()) {
    line += (line.empty() ? "" : ", ") + name + " " + version;
    if (name == "BLAS" && version == "reference BLAS") {
      observer.warning(
          "LibTorch runs on the reference BLAS, up to forty times slower than OpenBLAS: install "
          "OpenBLAS (Debian: libopenblas0-pthread)");
    }
  }
  observer.began(line);
  if (const auto slow = ops::slow_blas_core(); !slow.empty()) observer.warning(slow);
  if (const auto problem = problem_of_counted_gpu(run); !problem.empty()) {
    observer.warning("there is a GPU, but it cannot be used (" + problem +
                     "): the run is on the CPU; docs/gpu.md says what it needs");
  }
  observer.began(fmt::format("device {}, threads {}", device_of(run).str(), threads_of(run)));
}

void tell_data(const Dataset& dataset, Observer& observer) {
  observer.began(fmt::format("dataset {}: {} of {} units, {} stimuli, sha256 {}", dataset.file,
                             dataset.units(), dataset.all_unit_ids.size(), dataset.stimuli.size(),
                             dataset.sha256));
}

void warn_of_leaks(const Study& study, Observer& observer) {
  // All ensembles have the same partitions.
  const auto leaks = find_leaks(study.dataset, study.ensembles.front().plan.partitions);
  if (leaks.empty()) return;
  std::vector<std::string> pairs;
  for (const auto& leak : leaks) {
    pairs.push_back(study.dataset.stimuli[leak.first].key + " and " +
                    study.dataset.stimuli[leak.second].key);
  }
  observer.warning(
      (pairs.size() == 1 ? "stimuli " + pairs.front()
                         : fmt::format("{} pairs of stimuli ({})", pairs.size(), listed(pairs))) +
      " have the same spectrogram but lie in different splits: scores of one are no "
      "test of what was learnt from the other; presentations of a sound belong into one "
      "stimulus, as its trials");
}

// Warns of bands that standardisation sets to 0 in any fold.
void warn_of_silenced_bands(const Study& study, Observer& observer) {
  std::set<std::size_t> bands;
  for (const auto& ensemble : study.ensembles) {
    for (const auto& one : ensemble.plan.standardisation) {
      const auto silenced = one.silenced();
      bands.insert(silenced.begin(), silenced.end());
    }
  }
  if (bands.empty()) return;
  std::vector<std::string> names;
  for (const auto band : bands) {
    names.push_back(
        fmt::format("{}, {}", band, frequency_text(study.dataset.axes.frequencies_hz[band])));
  }
  observer.warning(subject("band", names, "is", "are") +
                   " constant but for rounding in the training stimuli" +
                   (study.ensembles.front().plan.partitions.size() > 1 ? " (of a fold)" : "") +
                   ": data.standardise: per_band sets " + (names.size() == 1 ? "it" : "them") +
                   " to 0 in every stimulus, so that no model hears " +
                   (names.size() == 1 ? "it" : "them") + " and its weights there mean nothing");
}

Roster roster_of(const Dataset& dataset, const Plan& plan, const Ensemble& ensemble,
                 const Study& study) {
  Roster roster;
  roster.axes = dataset.axes;
  roster.unit_ids = dataset.unit_ids;
  roster.unit_facts = dataset.unit_facts;
  roster.members = plan.members;
  roster.settings = study.settings;
  if (!study.settings.empty()) {
    for (auto& member : roster.members) {
      member.setting = ensemble.settings[static_cast<std::size_t>(member.setting)];
    }
  }
  for (const auto& unusable : plan.unusable) {
    roster.skipped.push_back(
        {static_cast<std::int64_t>(unusable.unit),
         unusable.reason + (unusable.fold < 0 ? "" : fmt::format(" of fold {}", unusable.fold))});
  }
  return roster;
}

// Reduces every ensemble to the members of a shard, and the dataset to their units.
void keep_share(Study& study, const Shard& shard, Observer& observer) {
  std::vector<const Plan*> plans;
  for (const auto& ensemble : study.ensembles) plans.push_back(&ensemble.plan);
  const auto share = share_of(plans, shard);
  std::set<std::int64_t> units;
  std::int64_t members = 0, chunks = 0;
  for (std::size_t e = 0; e < share.size(); ++e) {
    chunks += static_cast<std::int64_t>(plans[e]->chunks.size());
    for (const auto& chunk : share[e]) {
      members += static_cast<std::int64_t>(chunk.size());
      for (const auto m : chunk) {
        const auto unit = plans[e]->members[static_cast<std::size_t>(m)].unit;
        if (unit >= 0) units.insert(unit);
      }
    }
  }
  observer.began(fmt::format("shard {} of {}: {} members{}", shard.number, shard.of, members,
                             members > 0
                                 ? ""
                                 : fmt::format("; the run has {} chunks of members to share out: "
                                               "take fewer shards, or a smaller run.chunk",
                                               chunks)));
  const bool all_units = study.config.fit.mode == FitMode::population;
  Dataset some;
  if (!all_units) some = with_units(study.dataset, {units.begin(), units.end()});
  const Dataset& kept = all_units ? study.dataset : some;
  for (std::size_t e = 0; e < share.size(); ++e) {
    Ensemble& ensemble = study.ensembles[e];
    const Roster whole = ensemble.roster;
    ensemble.numbers.clear();
    ensemble.roster.members.clear();
    Chunks own = share[e];
    std::sort(own.begin(), own.end());
    for (const auto& chunk : own) {
      for (const auto m : chunk) {
        ensemble.numbers.push_back(m);
        ensemble.roster.members.push_back(whole.members[static_cast<std::size_t>(m)]);
      }
    }
    ensemble.plan = part_of(ensemble.plan, std::move(own), kept);
  }
  if (all_units) return;
  study.dataset = std::move(some);
  for (auto& ensemble : study.ensembles) ensemble.plan.dataset = &study.dataset;
  std::fill(study.unit_of.begin(), study.unit_of.end(), -1);
  std::int64_t place = 0;
  for (const auto unit : units) study.unit_of[static_cast<std::size_t>(unit)] = place++;
}

constexpr const char* kSweep = "sweep";
constexpr std::int64_t kMostSettings = 10000;

bool may_differ_in_ensemble(const std::string& key) {
  const auto is_key = [&key](std::string_view of_fit) {
    return key == fmt::format("fit.{}", of_fit);
  };
  return std::any_of(kKeysOfMembers.begin(), kKeysOfMembers.end(), is_key);
}

// Reads one setting of a sweep. A ConfigError also names the setting.
Config read_setting(config::Document& document, const Swept& values, const std::string& folder) {
  try {
    return read_config(document, folder);
  } catch (const ConfigError& error) {
    std::string setting;
    for (const auto& value : values) {
      setting += (setting.empty() ? "" : ", ") + value.key + ": " + value.text;
    }
    throw ConfigError("", error.what() + (" (in the setting " + setting + " of the sweep)"));
  }
}

// Keeps only the unused keys that have no effect in another setting either.
void keep_unused(std::vector<config::Unused>& unused, const std::vector<config::Unused>& also) {
  std::erase_if(unused, [&](const config::Unused& one) {
    return std::ranges::none_of(
        also, [&](const config::Unused& other) { return other.path == one.path; });
  });
}

// Throws ConfigError if two settings of a sweep are equal, for instance 0 and 0.0.
void refuse_twins(const std::string& resolved, const Swept& values,
                  std::map<std::string, Swept>& seen) {
  const auto [twin, is_new] = seen.try_emplace(resolved, values);
  for (std::size_t k = 0; k < values.size() && !is_new; ++k) {
    const auto& before = twin->second[k];
    if (before.value == values[k].value) continue;
    throw ConfigError(values[k].where, values[k].text + " is the same setting as " + before.text +
                                           ", which would be fitted twice: leave one out");
  }
}

void require_context(const Study& study) {
  std::int64_t longest = 0;
  for (const auto& stimulus : study.dataset.stimuli) longest = std::max(longest, stimulus.frames());
  for (const auto& ensemble : study.ensembles) {
    const auto context = ensemble.plan.model->context();
    if (context <= longest) continue;
    throw DataError(
        study.dataset.file, "",
        fmt::format(
            "its longest stimulus has {} frames, and the model looks back {}: nothing is known of "
            "the lags beyond; choose a model.context (conv2d: model.kernel_size) that fits",
            longest, context));
  }
}

// Warns of units whose validation responses cannot score predictions, and says which score is used
// instead. The closed form gives its own warning.
void warn_of_unscored(const Study& study, Observer& observer) {
  const auto& partitions = study.ensembles.front().plan.partitions;
  std::set<std::size_t> unusable;
  for (const auto& unit : study.ensembles.front().plan.unusable) unusable.insert(unit.unit);
  const auto units = static_cast<std::size_t>(study.dataset.units()) - unusable.size();
  std::map<std::size_t, std::vector<std::int64_t>> unscored;  // unit -> folds
  bool any_scored = true, somewhere = false;  // for any unit: in every fold; in at least one fold
  for (std::size_t fold = 0; fold < partitions.size(); ++fold) {
    if (partitions[fold].valid.empty()) continue;
    std::size_t in_fold = 0;
    for (const auto unit : units_without_variation(study.dataset, partitions[fold].valid)) {
      if (unusable.contains(unit)) continue;
      unscored[unit].push_back(static_cast<std::int64_t>(fold));
      ++in_fold;
    }
    any_scored = any_scored && in_fold < units;
    somewhere = somewhere || in_fold < units;
  }
  if (unscored.empty()) return;
  std::vector<std::string> names;
  for (const auto& [unit, folds] : unscored)
    names.push_back(in_folds(study.dataset.unit_ids[unit], folds, partitions.size()));
  std::vector<std::string> done;
  const auto is_gradient = [](const Ensemble& ensemble) {
    return ensemble.config.fit.solver == Solver::gradient;
  };
  if (std::any_of(study.ensembles.begin(), study.ensembles.end(), is_gradient)) {
    const bool alone = study.config.fit.mode == FitMode::independent || !any_scored;
    done.push_back(alone ? "early stopping uses the training loss there, which cannot detect "
                           "overfitting"
                         : "early stopping uses the other units");
  }
  if (study.chooses()) {
    done.push_back(
        !somewhere ? "settings are compared on the training stimuli"
        : partitions.size() > 1
            ? "settings are compared in the other folds, and where none tells them apart "
              "by the other units"
            : "of the settings the best of the other units is taken");
  }
  std::string text = subject("unit", names) +
                     ": constant responses, or none, to the validation "
                     "stimuli" +
                     (partitions.size() > 1 ? " there" : "") +
                     ", so no prediction of them can be scored";
  for (const auto& one : done) text += "; " + one;
  observer.warning(text);
}

// Warns of fits with so little data that the result may surprise.
void warn_of_little_data(const Study& study, Observer& observer) {
  const auto& partitions = study.ensembles.front().plan.partitions;
  const auto without = [](const Partition& partition) { return partition.valid.empty(); };
  if (std::any_of(partitions.begin(), partitions.end(), without)) {
    observer.warning(
        "there are no validation stimuli: early stopping uses the training loss, which cannot "
        "detect overfitting; data.split sets some stimuli aside");
  }
  if (const auto unused = partitions.front().unused.size(); unused > 0) {
    observer.warning(fmt::format("{} of {} stimuli are in no split and stay unused", unused,
                                 study.dataset.stimuli.size()));
  }
  warn_of_unscored(study, observer);
  std::int64_t context = 0, ahead = 0;
  for (const auto& ensemble : study.ensembles) {
    context = std::max(context, ensemble.plan.model->context());
    ahead = std::max(ahead, ensemble.plan.model->ahead());
  }
  if (ahead > 0) {
    observer.warning(fmt::format(
        "model.padding: centered is not causal: a response is predicted from the {} frames of the "
        "sound after it, too; lags below 0 are theirs (causal is the default)",
        ahead));
  }
  const auto is_short = [&](const Stimulus& stimulus) { return stimulus.frames() < context; };
  const auto& stimuli = study.dataset.stimuli;
  if (const auto n = std::count_if(stimuli.begin(), stimuli.end(), is_short); n > 0) {
    observer.warning(
        fmt::format("{} of {} stimuli are shorter than the model's context of {} frames: they say "
                    "nothing of its longest lags; a smaller model.context fits them",
                    n, stimuli.size(), context));
  }
}

}  // namespace

std::vector<std::int64_t> Ensemble::batch_of() const {
  std::vector<std::int64_t> chunk_of(plan.members.size());
  for (std::size_t c = 0; c < plan.chunks.size(); ++c) {
    for (const auto m : plan.chunks[c]) {
      chunk_of[static_cast<std::size_t>(m)] = static_cast<std::int64_t>(c);
    }
  }
  return chunk_of;
}

void read_study(Study& study, const std::string& config_path,
                const std::vector<std::string>& assignments) {
  read_study(study, open_config(config_path, assignments), default_run_folder(config_path));
}

StoredConfig read_stored_config(const std::string& text, const std::string& name) {
  auto document = config::Document::of_run(text, name);
  Study study;
  read_study(study, document, "");  // reads the same document
  return {std::move(study.config), document.entries()};
}

void read_study(Study& study, config::Document document, const std::string& default_folder) {
  study.config = read_config(document, default_folder);
  if (study.config.sweep.empty()) {
    study.resolved = document.resolved();
    auto& ensemble = study.ensembles.emplace_back();
    ensemble.config = study.config;
    ensemble.resolved = study.resolved;
    ensemble.settings = {0};
    return;
  }
  std::map<std::string, std::size_t> ensemble_of;  // keys: values that shapes depend on
  std::vector<config::Document> documents;         // per ensemble
  std::map<std::string, Swept> seen;               // resolved text -> setting
  std::vector<config::Unused> unused;              // keys given without effect in any setting
  std::vector<std::size_t> place(study.config.sweep.size(), 0);
  for (std::int64_t setting = 0; true; ++setting) {
    if (setting == kMostSettings) {
      throw ConfigError(study.config.sweep.front().front().where,
                        fmt::format("the sweep has more than {} settings", kMostSettings));
    }
    Swept values, of_ensemble;
    std::string shape;
    for (std::size_t k = 0; k < place.size(); ++k) {
      const auto& value = study.config.sweep[k][place[k]];
      values.push_back(value);
      study.settings[value.key].push_back(value.text);
      if (may_differ_in_ensemble(value.key)) continue;
      of_ensemble.push_back(value);
      shape += value.key + ": " + value.text + "\n";
    }
    auto whole = document.with(values, kSweep);
    const Config own = read_setting(whole, values, study.config.output.folder);
    if (setting == 0) {
      unused = whole.unused();
    } else {
      keep_unused(unused, whole.unused());
    }
    refuse_twins(whole.resolved(), values, seen);
    const auto [found, is_new] = ensemble_of.try_emplace(shape, study.ensembles.size());
    if (is_new) {
      auto& ensemble = study.ensembles.emplace_back();
      auto shared = document.with(of_ensemble, kSweep);
      ensemble.config = read_config(shared, study.config.output.folder);
      documents.push_back(std::move(shared));
    }
    document.agree_with(whole);
    documents[found->second].agree_with(whole);
    study.ensembles[found->second].settings.push_back(setting);
    study.ensembles[found->second].fits.push_back(own.fit);
    std::size_t k = place.size();
    while (k > 0 && ++place[k - 1] == study.config.sweep[k - 1].size()) place[--k] = 0;
    if (k == 0) break;
  }
  if (!unused.empty()) throw ConfigError(unused.front().where, unused.front().reason);
  study.resolved = document.resolved();
  for (std::size_t e = 0; e < documents.size(); ++e) {
    study.ensembles[e].resolved = documents[e].resolved();
  }
  for (std::size_t e = 0; study.ensembles.size() > 1 && e < study.ensembles.size(); ++e) {
    study.ensembles[e].folder = ensemble_name(static_cast<std::int64_t>(e));
  }
}

void load(Study& study, const std::string& config_path, const Shard& shard,
          const RunOptions& cut_by, Observer& observer) {
  const Config& config = study.config;
  tell_versions(config.run, observer);
  study.dataset = read_dataset(data_file_of(config, config_path), config.data.units);
  tell_data(study.dataset, observer);
  warn_of_unrecorded(study.dataset, observer);
  for (const auto& warning : doubts_about(study.dataset).warnings) observer.warning(warning);
  if (config.data.smooth_ms > 0) smooth(study.dataset, config.data.smooth_ms);
  study.unit_of.resize(static_cast<std::size_t>(study.dataset.units()));
  std::iota(study.unit_of.begin(), study.unit_of.end(), 0);
  for (auto& ensemble : study.ensembles) {
    const Config& own = ensemble.config;
    Plan& plan = ensemble.plan;
    plan = make_plan(study.dataset, own.data.split, own.data.standardise, own.model, own.fit,
                     ensemble.fits);
    if (own.fit.initialise == Initialise::checkpoint) {
      take_core(plan, own, ensemble.resolved, study.dataset, config_path, observer);
    }
    plan.chunks = cut(plan, cut_by);
    ensemble.roster = roster_of(study.dataset, plan, ensemble, study);
    ensemble.members_all = static_cast<std::int64_t>(plan.members.size());
    ensemble.numbers.resize(plan.members.size());
    std::iota(ensemble.numbers.begin(), ensemble.numbers.end(), 0);
  }
  require_context(study);
  warn_of_leaks(study, observer);
  warn_of_silenced_bands(study, observer);
  warn_of_little_data(study, observer);
  std::map<std::string, std::vector<std::string>> left_out;  // reason -> unit ids
  for (const auto& unusable : study.ensembles.front().plan.unusable) {
    left_out[unusable.reason + (unusable.fold < 0 ? "" : " of a fold")].push_back(
        study.dataset.unit_ids[unusable.unit]);
  }
  for (const auto& [reason, units] : left_out) {
    observer.warning(subject("unit", units, "is", "are") + " left out: " + reason);
  }
  if (shard.given()) keep_share(study, shard, observer);
}

Checkpoint empty_checkpoint(const Study& study, const Ensemble& ensemble) {
  const Plan& plan = ensemble.plan;
  Checkpoint checkpoint;
  checkpoint.config = ensemble.resolved;
  checkpoint.dataset = absolute(study.dataset.file);
  checkpoint.dataset_sha256 = study.dataset.sha256;
  checkpoint.how = ensemble.config.data.standardise;
  checkpoint.model = plan.model;
  checkpoint.roster = ensemble.roster;
  checkpoint.own_standardisation = plan.standardisation.size() > 1;
  if (plan.standardisation.size() == 1) {
    checkpoint.standardisation = plan.standardisation;
  } else {
    for (const auto& member : plan.members) {
      checkpoint.standardisation.push_back(
          plan.standardisation.at(static_cast<std::size_t>(member.fold)));
    }
  }
  return checkpoint;
}

std::vector<std::size_t> stimuli_to_keep(const Study& study, const Ensemble& ensemble) {
  std::set<std::size_t> kept;
  for (const auto& partition : ensemble.plan.partitions) {
    kept.insert(partition.test.begin(), partition.test.end());
  }
  std::vector<std::size_t> all;
  for (std::size_t s = 0; s < study.dataset.stimuli.size(); ++s) {
    const auto how = study.config.output.predictions;
    // For nested folds, the test predictions are in study.h5.
    const bool tested = how == KeepPredictions::test && !study.nested() && kept.contains(s);
    if (how == KeepPredictions::all || tested) {
      all.push_back(s);
    }
  }
  return all;
}

std::string data_file_of(const Config& config, const std::string& config_path) {
  return found_file(config.data.file, {fs::path(config_path).parent_path().string()});
}

}  // namespace strffit
