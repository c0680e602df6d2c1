#include "report/run_view.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "config/suggest.hpp"
#include "dataset/prepare.hpp"
#include "evaluation/strfs.hpp"
#include "files/paths.hpp"
#include "study/run_folder.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

// For instance "fit.l1: 0.01, model.context: 20".
std::string setting_text(const Roster& roster, std::int64_t setting) {
  std::string text;
  for (const auto& [key, values] : roster.settings) {
    text += (text.empty() ? "" : ", ") + key + ": " + values.at(static_cast<std::size_t>(setting));
  }
  return text;
}

// Finds the setting of `roster` with the same values as a setting of a study; -1 if there is none.
std::int64_t same_setting(const Roster& roster, const Roster& study, std::int64_t setting) {
  for (std::int64_t s = 0; s < roster.number_of_settings(); ++s) {
    const bool same =
        std::all_of(roster.settings.begin(), roster.settings.end(), [&](const auto& column) {
          const auto theirs = study.settings.find(column.first);
          return theirs != study.settings.end() &&
                 theirs->second.at(static_cast<std::size_t>(setting)) ==
                     column.second.at(static_cast<std::size_t>(s));
        });
    if (same) return s;
  }
  return -1;
}

void group_by_unit(RunView& view, std::int64_t setting) {
  const Roster& roster = view.roster();
  view.places.resize(static_cast<std::size_t>(roster.units()));
  std::set<std::int64_t> seeds, folds;
  for (std::size_t m = 0; m < roster.members.size(); ++m) {
    const Member& member = roster.members[m];
    if (setting >= 0 && member.setting != setting) continue;
    seeds.insert(member.seed);
    folds.insert(member.fold);
    for (std::int64_t n = 0; n < roster.outputs(); ++n) {
      view.places[static_cast<std::size_t>(roster.unit_of(member, n))].push_back(
          {static_cast<std::int64_t>(m), n});
    }
  }
  view.seeds = static_cast<std::int64_t>(seeds.size());
  view.folds = static_cast<std::int64_t>(folds.size());
  for (const auto& skipped : roster.skipped) {
    view.places[static_cast<std::size_t>(skipped.unit)].clear();
  }
}

bool has_scores(const Metrics& metrics) {
  return std::any_of(metrics.begin(), metrics.end(), [](const auto& one) {
    return std::any_of(one.second.values.begin(), one.second.values.end(),
                       [](double value) { return std::isfinite(value); });
  });
}

// Index of a name in `names`. Throws ConfigError that suggests the nearest name.
std::size_t place_of(const std::string& name, const std::vector<std::string>& names,
                     const std::string& option, const std::string& noun) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  throw ConfigError(option,
                    fmt::format("no {} \"{}\"{}", noun, name, config::did_you_mean(name, names)));
}

std::string dataset_file(const RunView& view, const std::string& data) {
  return data.empty() ? dataset_of(view.checkpoint) : data;
}

// The partitions of the fit for this dataset. Nothing if the dataset has other sounds.
std::vector<Partition> partitions_of(const RunView& view, const Dataset& known) {
  const DataOptions options = data_options_of(view.checkpoint);
  try {
    auto parts = partitions(known, options.split);
    return refitted(view.checkpoint) ? with_validation_in_training(std::move(parts)) : parts;
  } catch (const ConfigError&) {
    return {};
  } catch (const DataError&) {
    return {};
  }
}

}  // namespace

std::string RunView::averaged() const {
  std::string text;
  if (seeds > 1) text = counted(seeds, "seed");
  if (folds > 1) text += (text.empty() ? "" : " and ") + counted(folds, "fold");
  return text.empty() ? text : "mean of " + text;
}

void RunView::show(Weights weights) {
  for (auto* fields : {&strfs.kernel, &strfs.gradient}) {
    if (!*fields) continue;
    (*fields)->weights = (*fields)->per_sd.size() > 0 ? weights : Weights::raw;
  }
}

RunView open_run(const std::string& path, Observer& observer) {
  RunView view;
  view.given = path;
  view.folder = path;
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  if (is_folder && is_there(RunPaths{path}.study())) {
    view.study = read_study_file(RunPaths{path}.study());
    const std::int64_t best = view.study->choice.best;
    if (!is_there(RunPaths{path}.checkpoint()) && best >= 0) {
      const auto ensemble = view.study->ensemble_of.at(static_cast<std::size_t>(best));
      view.folder = ensemble_paths(path, ensemble_name(ensemble)).folder;
    }
  }
  view.checkpoint = read_checkpoint(checkpoint_of(view.folder));
  const RunPaths paths{view.folder};
  if (is_folder && is_there(paths.results())) {
    view.results = read_results(paths.results());
    if (view.results->roster.members.size() != view.roster().members.size()) {
      observer.warning(fmt::format("{} has other members than {}: it is left out", paths.results(),
                                   view.checkpoint.file));
      view.results.reset();
    }
  }
  std::int64_t setting = -1;
  if (view.study && view.study->choice.best >= 0 && !view.study->roster.settings.empty()) {
    setting = same_setting(view.roster(), view.study->roster, view.study->choice.best);
    view.setting = setting_text(view.study->roster, view.study->choice.best);
  }
  group_by_unit(view, setting);
  view.split = "test";
  if (view.results) {
    for (const std::string split : {"train", "valid", "test"}) {
      const auto found = view.results->metrics.find(split);
      if (found != view.results->metrics.end() && has_scores(found->second)) view.split = split;
    }
  }
  // STRFs that the run has stored need not be computed again.
  if (view.results) view.strfs = read_strfs(paths.results());
  const auto members = view.checkpoint.members();
  if (!view.strfs.kernel || view.strfs.kernel->fields.shape.size() != 5 ||
      view.strfs.kernel->fields.dim(0) != members ||
      view.strfs.frequencies_hz != view.roster().axes.frequencies_hz) {
    auto gradient = std::move(view.strfs.gradient);
    view.strfs = kernel_strfs(view.checkpoint);
    view.strfs.gradient = std::move(gradient);
  }
  if (is_folder && !view.strfs.gradient && is_there(view.folder + "/strfs.h5")) {
    // strfs.h5 is the output of export-strfs --gradient.
    Strfs exported = read_strfs(view.folder + "/strfs.h5");
    const Shape wanted = {members, view.roster().outputs()};
    if (exported.gradient && exported.gradient->fields.shape.size() == 4 &&
        exported.gradient->fields.dim(0) == wanted[0] &&
        exported.gradient->fields.dim(1) == wanted[1]) {
      view.strfs.gradient = std::move(exported.gradient);
    }
  }
  view.show(Weights::per_sd);
  return view;
}

std::vector<std::string> known_metrics(const RunView& view) {
  std::vector<std::string> names;
  if (!view.results) return names;
  const auto split = view.results->metrics.find(view.split);
  if (split == view.results->metrics.end()) return names;
  for (const auto& [name, values] : split->second) names.push_back(name);
  return names;
}

std::vector<double> unit_scores(const RunView& view, const std::string& metric) {
  std::vector<double> scores(static_cast<std::size_t>(view.units()), kNaN);
  if (view.study && view.study->nested && view.split == "test") {
    const auto nested = view.study->nested->mean.find(metric);
    if (nested != view.study->nested->mean.end()) return nested->second.values;
  }
  if (!view.results) return scores;
  const auto split = view.results->metrics.find(view.split);
  if (split == view.results->metrics.end() || !split->second.contains(metric)) return scores;
  const Array<double>& values = split->second.at(metric);
  for (std::size_t u = 0; u < scores.size(); ++u) {
    double sum = 0;
    for (const Place& place : view.places[u]) {
      sum +=
          values.values.at(static_cast<std::size_t>(place.member * values.dim(1) + place.output));
    }
    if (!view.places[u].empty()) scores[u] = sum / static_cast<double>(view.places[u].size());
  }
  return scores;
}

std::vector<std::int64_t> units_named(const RunView& view, const std::vector<std::string>& ids) {
  std::vector<std::int64_t> units;
  for (const std::string& id : ids) {
    units.push_back(
        static_cast<std::int64_t>(place_of(id, view.roster().unit_ids, "--units", "unit")));
  }
  for (std::int64_t u = 0; ids.empty() && u < view.units(); ++u) units.push_back(u);
  return units;
}

Recorded read_recorded(const RunView& view, const std::vector<std::int64_t>& units,
                       const std::vector<std::string>& sounds, const std::string& data) {
  const std::string file = dataset_file(view, data);
  UnitSelection selection{{}, "the units of " + view.checkpoint.file};
  for (const auto unit : units) {
    selection.words.push_back(view.roster().unit_ids.at(static_cast<std::size_t>(unit)));
  }
  Recorded recorded;
  recorded.dataset = read_dataset(file, selection, [&](const Dataset& known) {
    check_axes(view.checkpoint, known);
    const auto parts = partitions_of(view, known);
    std::set<std::size_t> wanted;
    std::vector<std::string> keys;
    for (const auto& stimulus : known.stimuli) keys.push_back(stimulus.key);
    for (const auto& key : sounds) wanted.insert(place_of(key, keys, "--sounds", "sound"));
    if (sounds.empty()) {
      for (const auto& part : parts) {
        const auto& of_split = part.of(*split_named(view.split));
        wanted.insert(of_split.begin(), of_split.end());
      }
    }
    if (wanted.empty()) {  // another dataset, or a missing split
      for (std::size_t s = 0; s < keys.size(); ++s) wanted.insert(s);
    }
    recorded.sounds.assign(wanted.begin(), wanted.end());
    for (const auto sound : recorded.sounds) {
      auto& unseen = recorded.unseen.emplace_back();
      for (const auto& part : parts) {
        unseen.push_back(std::find(part.train.begin(), part.train.end(), sound) ==
                         part.train.end());
      }
    }
    return wanted;
  });
  const auto& ids = view.roster().unit_ids;
  for (const auto& id : recorded.dataset.unit_ids) {
    recorded.units.push_back(std::find(ids.begin(), ids.end(), id) - ids.begin());
  }
  recorded.smooth_ms = data_options_of(view.checkpoint).smooth_ms;
  recorded.counts = recorded.dataset.counts && recorded.smooth_ms == 0;
  if (recorded.smooth_ms > 0) smooth(recorded.dataset, recorded.smooth_ms);
  return recorded;
}

std::map<std::string, Fact> unit_facts(const RunView& view, const std::string& data,
                                       Observer& observer) {
  std::map<std::string, Fact> facts;
  Dataset dataset;
  try {
    dataset = read_units_of(view.checkpoint, dataset_file(view, data),
                            [](const Dataset&) { return std::set<std::size_t>{}; });
  } catch (const DataError& error) {
    observer.warning(fmt::format("facts about the units are left out: {}", error.what()));
    return facts;
  }
  const auto places = places_of_units(view.checkpoint, dataset);
  const auto units = static_cast<std::int64_t>(places.size());
  for (const auto& [name, column] : dataset.unit_facts) {
    if (name == "id") continue;
    Fact fact;
    if (const auto* numbers = std::get_if<Array<double>>(&column)) {
      if (numbers->size() != dataset.units()) continue;
      for (const auto place : places) {
        fact.numbers.push_back(numbers->values.at(static_cast<std::size_t>(place)));
      }
    } else {
      const auto& words = std::get<Array<std::string>>(column);
      if (words.size() != dataset.units()) continue;
      for (const auto place : places) {
        fact.words.push_back(words.values.at(static_cast<std::size_t>(place)));
      }
    }
    if (units > 0) facts[name] = std::move(fact);
  }
  return facts;
}

std::vector<std::vector<double>> predictions(const RunView& view, const Recorded& recorded,
                                             std::size_t sound, const RunOptions& run) {
  const Stimulus& stimulus = recorded.dataset.stimuli.at(recorded.sounds.at(sound));
  const auto& unseen = recorded.unseen.at(sound);
  const auto frames = static_cast<std::size_t>(stimulus.frames());
  // The members whose predictions are used, per unit.
  std::vector<std::vector<Place>> places;
  std::set<std::int64_t> members;
  for (const auto unit : recorded.units) {
    const auto& all = view.places.at(static_cast<std::size_t>(unit));
    std::vector<Place> fair;
    for (const Place& place : all) {
      const auto fold = view.roster().members[static_cast<std::size_t>(place.member)].fold;
      const auto f = static_cast<std::size_t>(fold);
      if (f < unseen.size() && unseen[f] != 0) fair.push_back(place);
    }
    places.push_back(fair.empty() ? all : fair);
    for (const Place& place : places.back()) members.insert(place.member);
  }
  std::vector<std::vector<double>> means(recorded.units.size(), std::vector<double>(frames, kNaN));
  if (members.empty()) return means;
  const std::vector<std::int64_t> which(members.begin(), members.end());
  for (auto& mean : means) std::fill(mean.begin(), mean.end(), 0.0);
  view.checkpoint.select(which).predict_in_blocks(
      stimulus.spectrogram, run, [&](std::int64_t first, const Array<float>& block) {
        const auto outputs = block.dim(1);
        for (std::size_t u = 0; u < places.size(); ++u) {
          const double share = 1 / static_cast<double>(places[u].size());
          for (const Place& place : places[u]) {
            const auto row =
                std::lower_bound(which.begin(), which.end(), place.member) - which.begin() - first;
            if (row < 0 || row >= block.dim(0)) continue;
            const float* values =
                block.data() + (row * outputs + place.output) * static_cast<std::int64_t>(frames);
            for (std::size_t t = 0; t < frames; ++t) {
              means[u][t] += share * static_cast<double>(values[t]);
            }
          }
        }
      });
  for (std::size_t u = 0; u < places.size(); ++u) {
    if (places[u].empty()) std::fill(means[u].begin(), means[u].end(), kNaN);
  }
  return means;
}

UnitStrf unit_strf(const RunView& view, std::int64_t unit) {
  UnitStrf strf;
  const auto& places = view.places.at(static_cast<std::size_t>(unit));
  const bool own =
      view.strfs.kernel && view.checkpoint.model->backbone().response_kernel() != nullptr;
  if ((!own && !view.strfs.gradient) || places.empty()) return strf;
  const Fields& fields = own ? *view.strfs.kernel : *view.strfs.gradient;
  const Array<float>& all = fields.shown();
  strf.gradient = !own;
  strf.value_label = value_label(own ? view.strfs.value : "gradient: response", fields.weights);
  strf.channels = own ? view.strfs.channels : std::vector<std::string>{"input"};
  // Shapes are (M, N, C, F, L) and (M, N, F, L): the axes after the first two are one field.
  const auto size = all.size() / (all.dim(0) * all.dim(1));
  std::vector<double> sum(static_cast<std::size_t>(size));
  for (const Place& place : places) {
    const float* field = all.data() + (place.member * all.dim(1) + place.output) * size;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(field[i]);
  }
  for (const double value : sum) {
    strf.values.push_back(static_cast<float>(value / static_cast<double>(places.size())));
  }
  return strf;
}

std::vector<float> strongest_channel(const UnitStrf& strf) {
  const auto size = strf.values.size() / strf.channels.size();
  double most = -1;
  std::size_t best = 0;
  for (std::size_t c = 0; c < strf.channels.size(); ++c) {
    double power = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto value = static_cast<double>(strf.values[c * size + i]);
      power += value * value;
    }
    if (power > most) {
      most = power;
      best = c;
    }
  }
  const auto begin = strf.values.begin() + static_cast<std::ptrdiff_t>(best * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

const std::vector<StrfSummary>& unit_tuning(const RunView& view, int threads) {
  if (!view.tuning.empty()) return view.tuning;
  view.tuning.resize(static_cast<std::size_t>(view.units()));
  parallel_for(view.units(), threads, [&](std::int64_t unit) {
    const UnitStrf strf = unit_strf(view, unit);
    if (strf.values.empty()) return;
    view.tuning[static_cast<std::size_t>(unit)] =
        strf_summary(strongest_channel(strf), view.roster().axes, view.checkpoint.model->ahead());
  });
  return view.tuning;
}

}  // namespace strffit
