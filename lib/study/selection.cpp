#include "study/selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <tuple>

#include "evaluation/averaging.hpp"
#include "metrics/summarise.hpp"
#include "study/run_folder.hpp"
#include "training/judged_by.hpp"
#include "util/machine.hpp"
#include "util/nan.hpp"

namespace strffit {

namespace {

// Mean score (larger is better) over the members of each setting, per unit: (settings, N_all).
// Settings are compared on the same seeds and folds. If no setting has a score for a unit with some
// seed and fold (its responses are constant or missing), this pair is ignored. If only some
// settings have one, the others (constant predictions or failed members) get the lowest of these
// scores, but at most `nothing`.
Array<double> means(const AllMembers& all, const Array<double>& scores, double nothing,
                    const std::vector<char>& folds) {
  const Roster& roster = all.roster;
  const auto N = static_cast<std::size_t>(roster.units());
  // (seed, fold) -> (N)
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>> lowest;
  const auto each = [&](auto use) {
    for (std::size_t m = 0; m < roster.members.size(); ++m) {
      const Member& member = roster.members[m];
      if (!folds.empty() && !folds[static_cast<std::size_t>(member.fold)]) continue;
      auto& of_fold = lowest[{member.seed, member.fold}];
      of_fold.resize(N, kNaN);
      const auto outputs = static_cast<std::size_t>(roster.outputs());
      for (std::size_t n = 0; n < outputs; ++n) {
        const auto unit =
            static_cast<std::size_t>(roster.unit_of(member, static_cast<std::int64_t>(n)));
        use(static_cast<std::size_t>(member.setting) * N + unit, of_fold[unit],
            scores.values[m * outputs + n]);
      }
    }
  };
  each([](std::size_t, double& low, double score) {
    if (std::isfinite(score)) low = std::fmin(low, score);
  });
  const Shape shape = {roster.number_of_settings(), roster.units()};
  Array<double> sum(shape), number(shape);
  each([&](std::size_t place, double low, double score) {
    if (std::isnan(low)) return;
    sum.values[place] += std::isfinite(score) ? score : std::fmin(low, nothing);
    number.values[place] += 1;
  });
  for (std::size_t i = 0; i < sum.values.size(); ++i) {
    sum.values[i] = number.values[i] > 0 ? sum.values[i] / number.values[i] : kNaN;
  }
  return sum;
}

// Negative squared error per member and unit. NaN if no setting has a correlation for the same seed
// and fold, see judged_by().
Array<double> squared_errors(const AllMembers& all, const Metrics& metrics) {
  const Roster& roster = all.roster;
  const auto outputs = static_cast<std::size_t>(roster.outputs());
  const auto& cc = metrics.at("cc").values;
  using Place = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
  const auto place = [&](std::size_t i) {
    const Member& member = roster.members[i / outputs];
    return Place{member.seed, member.fold,
                 roster.unit_of(member, static_cast<std::int64_t>(i % outputs))};
  };
  std::set<Place> vary;
  for (std::size_t i = 0; i < cc.size(); ++i) {
    if (std::isfinite(cc[i])) vary.insert(place(i));
  }
  auto scores = metrics.at("mse");
  for (std::size_t i = 0; i < scores.values.size(); ++i) {
    scores.values[i] = vary.contains(place(i)) ? -scores.values[i] : kNaN;
  }
  return scores;
}

// Scores for choosing a setting: (settings, N_all), larger is better; NaN for a unit without score.
Array<double> judged(const AllMembers& all, const std::string& split, Monitor monitor,
                     const std::vector<char>& folds) {
  constexpr double kNoCorrelation = 0, kInfinity = std::numeric_limits<double>::infinity();
  const Metrics& metrics = all.metrics.at(split);
  auto cc = means(all, metrics.at("cc"), kNoCorrelation, folds);
  const auto cc_norm = means(all, metrics.at("cc_norm"), kNoCorrelation, folds);
  const auto loss = monitor == Monitor::valid_loss
                        ? means(all, squared_errors(all, metrics), kInfinity, folds)
                        : Array<double>();
  for (std::size_t i = 0; i < cc.values.size(); ++i) {
    switch (judged_by(monitor, {!std::isnan(cc.values[i]), !std::isnan(cc_norm.values[i])})) {
      case JudgedBy::valid_cc_norm:
        cc.values[i] = cc_norm.values[i];
        break;
      case JudgedBy::valid_loss:
        cc.values[i] = loss.values[i];
        break;
      case JudgedBy::valid_cc:
      case JudgedBy::train_loss:  // concerns all units together, see choose()
        break;
    }
  }
  return cc;
}

// Index of the largest finite value, or -1.
std::int64_t largest(std::span<const double> values) {
  std::int64_t best = -1;
  for (std::size_t s = 0; s < values.size(); ++s) {
    if (!std::isfinite(values[s])) continue;
    if (best < 0 || values[s] > values[static_cast<std::size_t>(best)])
      best = static_cast<std::int64_t>(s);
  }
  return best;
}

std::vector<double> over_units(const Array<double>& values) {
  std::vector<double> result;
  for (std::int64_t s = 0; s < values.dim(0); ++s) {
    result.push_back(summarise(std::span(values.values)
                                   .subspan(static_cast<std::size_t>(s * values.dim(1)),
                                            static_cast<std::size_t>(values.dim(1))))
                         .mean);
  }
  return result;
}

// Sum and number of predictions per unit, over the members that test a stimulus.
struct Sum {
  Array<double> values;               // (N_all, T)
  std::vector<std::int64_t> members;  // (N_all) number of members
};

// Adds the predictions of some members for the stimuli that they test.
void add_predictions(const Checkpoint& checkpoint, const std::vector<std::int64_t>& members,
                     const Study& study, const std::vector<std::size_t>& stimuli,
                     std::map<std::size_t, Sum>& sums) {
  const FittedModel some = checkpoint.select(members);
  const Roster& roster = some.roster;
  for (const auto s : stimuli) {
    const Stimulus& stimulus = study.dataset.stimuli[s];
    const auto T = stimulus.frames();
    auto [sum, is_new] = sums.try_emplace(s);
    if (is_new) {
      sum->second.values = Array<double>({roster.units(), T});
      sum->second.members.resize(static_cast<std::size_t>(roster.units()));
    }
    const auto add = [&, &to_all = sum->second](std::int64_t first, const Array<float>& block) {
      for (std::int64_t i = 0; i < block.dim(0); ++i) {
        const Member& member = roster.members[static_cast<std::size_t>(first + i)];
        for (std::int64_t n = 0; n < roster.outputs(); ++n) {
          const auto unit = roster.unit_of(member, n);
          const float* from = block.data() + (i * roster.outputs() + n) * T;
          double* to = to_all.values.data() + unit * T;
          for (std::int64_t t = 0; t < T; ++t) to[t] += static_cast<double>(from[t]);
          ++to_all.members[static_cast<std::size_t>(unit)];
        }
      }
    };
    some.predict_in_blocks(stimulus.spectrogram, study.config.run, add);
  }
}

}  // namespace

namespace {

// Appends rows. All other axes must agree.
template <class T>
void append(Array<T>& to, const Array<T>& rows) {
  to.shape.at(0) += rows.shape.at(0);
  to.values.insert(to.values.end(), rows.values.begin(), rows.values.end());
}

// Appends the averages of another ensemble of the study.
void append(Averaged& to, const Averaged& more) {
  to.settings.insert(to.settings.end(), more.settings.begin(), more.settings.end());
  append(to.members, more.members);
  for (auto& [split, metrics] : to.metrics) {
    for (auto& [name, values] : metrics) append(values, more.metrics.at(split).at(name));
  }
}

}  // namespace

AllMembers read_members(const Study& study, const std::string& run) {
  AllMembers all;
  all.ensemble_of.assign(study.settings.empty() ? 1 : study.settings.begin()->second.size(), 0);
  for (std::size_t e = 0; e < study.ensembles.size(); ++e) {
    for (const auto setting : study.ensembles[e].settings) {
      all.ensemble_of[static_cast<std::size_t>(setting)] = static_cast<std::int64_t>(e);
    }
    const std::string file = ensemble_paths(run, study.ensembles[e].folder).results();
    auto results = read_results(file);
    auto averaged = has_averages(results.roster) ? read_averaged(file) : std::nullopt;
    if (e == 0) all.averaged = averaged;
    // An earlier version of the program did not write averages.
    if (!averaged) all.averaged.reset();
    if (e == 0) {
      all.roster = std::move(results.roster);
      all.metrics = std::move(results.metrics);
      continue;
    }
    const auto& more = results.roster.members;
    all.roster.members.insert(all.roster.members.end(), more.begin(), more.end());
    if (all.averaged) append(*all.averaged, *averaged);
    for (auto& [split, metrics] : all.metrics) {
      for (auto& [name, values] : metrics) append(values, results.metrics.at(split).at(name));
    }
  }
  return all;
}

Choice choose(const AllMembers& all, Monitor monitor, const std::vector<char>& folds) {
  Choice choice;
  choice.score = monitor == Monitor::valid_loss ? "-mse"
                 : monitor == Monitor::valid_cc ? "cc"
                                                : "cc_norm";
  const auto units = static_cast<std::size_t>(all.roster.units());
  choice.unit.assign(units, -1);
  const auto settings = static_cast<std::size_t>(all.roster.number_of_settings());
  choice.test.assign(settings, kNaN);
  if (all.metrics.contains("test")) {
    choice.test = over_units(judged(all, "test", monitor, folds));
  }
  choice.valid.assign(settings, kNaN);
  if (!all.metrics.contains("valid")) return choice;
  const auto values = judged(all, "valid", monitor, folds);
  choice.valid = over_units(values);
  choice.best = largest(choice.valid);
  // Every fitted unit has an error on the training stimuli.
  const bool knows = all.metrics.contains("train");
  auto errors = knows ? all.metrics.at("train").at("mse") : Array<double>();
  for (double& error : errors.values) error = -error;
  const auto train = knows ? means(all, errors, std::numeric_limits<double>::infinity(), folds)
                           : Array<double>(values.shape, kNaN);
  if (choice.best < 0) choice.best = largest(over_units(train));
  for (std::size_t unit = 0; unit < units; ++unit) {
    std::vector<double> own, fitted;
    for (std::size_t s = 0; s < settings; ++s) {
      own.push_back(values.values[s * units + unit]);
      fitted.push_back(train.values[s * units + unit]);
    }
    choice.unit[unit] = largest(own);
    const bool is_fitted = largest(fitted) >= 0;
    if (choice.unit[unit] < 0 && is_fitted) choice.unit[unit] = choice.best;
  }
  return choice;
}

Nested score_nested(const Study& study, const AllMembers& all, const std::string& run) {
  const auto outer = study.config.data.split.outer, inner = study.config.data.split.inner;
  const auto& partitions = study.ensembles.front().plan.partitions;
  const auto N = all.roster.units();
  const bool independent = all.roster.independent();
  Nested nested;
  nested.setting = Array<std::int64_t>({outer, N}, -1);
  for (std::int64_t o = 0; o < outer; ++o) {
    std::vector<char> folds(partitions.size(), 0);
    std::fill_n(folds.begin() + o * inner, inner, 1);
    const Choice choice = choose(all, study.config.fit.monitor, folds);
    for (std::int64_t unit = 0; unit < N; ++unit) {
      const auto own = choice.unit[static_cast<std::size_t>(unit)];
      nested.setting.data()[o * N + unit] = own < 0 || independent ? own : choice.best;
    }
  }

  std::map<std::size_t, Sum> sums;
  for (const auto& ensemble : study.ensembles) {
    const Checkpoint checkpoint =
        read_checkpoint(ensemble_paths(run, ensemble.folder).checkpoint());
    for (std::int64_t o = 0; o < outer; ++o) {
      std::vector<std::int64_t> members;
      for (std::size_t m = 0; m < checkpoint.roster.members.size(); ++m) {
        const Member& member = checkpoint.roster.members[m];
        const std::int64_t* chosen = nested.setting.data() + o * N;
        const auto setting =
            independent ? chosen[member.unit] : *std::max_element(chosen, chosen + N);
        if (member.fold / inner == o && member.setting == setting) {
          members.push_back(static_cast<std::int64_t>(m));
        }
      }
      if (members.empty()) continue;
      const auto& tested = partitions[static_cast<std::size_t>(o * inner)].test;
      add_predictions(checkpoint, members, study, tested, sums);
    }
  }

  for (const auto& [s, sum] : sums) {
    auto& mean = nested.predictions[study.dataset.stimuli[s].key] =
        Array<float>(sum.values.shape, std::numeric_limits<float>::quiet_NaN());
    const auto T = mean.dim(1);
    for (std::int64_t unit = 0; unit < N; ++unit) {
      const auto members = sum.members[static_cast<std::size_t>(unit)];
      // In population mode, the output of a unit that was not fitted is meaningless.
      const bool fitted = nested.setting.data()[unit] >= 0;
      for (std::int64_t t = 0; t < T && members > 0 && fitted; ++t) {
        mean.data()[unit * T + t] =
            static_cast<float>(sum.values.data()[unit * T + t] / static_cast<double>(members));
      }
    }
  }
  for (const auto& metric : kUnitMetrics) {
    nested.metrics[std::string(metric.name)] = Array<double>({outer, N}, kNaN);
  }
  for (std::int64_t o = 0; o < outer; ++o) {
    const auto& tested = partitions[static_cast<std::size_t>(o * inner)].test;
    for (std::int64_t unit = 0; unit < N; ++unit) {
      if (nested.setting.data()[o * N + unit] < 0) continue;
      std::vector<std::span<const float>> predictions;
      for (const auto s : tested) {
        const auto& all_units = nested.predictions.at(study.dataset.stimuli[s].key);
        const auto T = static_cast<std::size_t>(all_units.dim(1));
        predictions.push_back(
            std::span(all_units.values).subspan(static_cast<std::size_t>(unit) * T, T));
      }
      const auto found = unit_metrics(trials_of(study.dataset, unit, tested), predictions,
                                      study.config.data.smooth_ms > 0);
      for (const auto& metric : kUnitMetrics) {
        nested.metrics.at(std::string(metric.name)).data()[o * N + unit] = found.*metric.value;
      }
    }
  }
  for (const auto& [name, values] : nested.metrics) {
    auto& mean = nested.mean[name] = Array<double>({N}, kNaN);
    auto& error = nested.error[name] = Array<double>({N}, kNaN);
    for (std::int64_t unit = 0; unit < N; ++unit) {
      std::vector<double> folds;
      for (std::int64_t o = 0; o < outer; ++o) folds.push_back(values.data()[o * N + unit]);
      std::tie(mean.data()[unit], error.data()[unit]) = mean_and_error(folds);
    }
    nested.of_units[name] = mean_over_units(values);
  }
  return nested;
}

StudyOutcome finish_study(const Study& study, const std::string& run, Provenance provenance) {
  const AllMembers all = read_members(study, run);
  StudyOutcome outcome;
  outcome.settings = study.settings;
  outcome.metrics = all.metrics;
  outcome.choice = choose(all, study.config.fit.monitor);
  provenance.end = now_utc();
  Nested nested;
  if (study.nested()) {
    nested = score_nested(study, all, run);
    outcome.outer = study.config.data.split.outer;
    outcome.nested = nested.of_units;
  }
  StudyFile file{all.roster,     std::move(provenance), study.resolved, all.metrics,
                 outcome.choice, all.ensemble_of,       std::nullopt,   all.averaged};
  file.roster.unit_facts = study.ensembles.front().roster.unit_facts;
  if (study.nested()) file.nested = std::move(nested);
  write_study_file(RunPaths{run}.study(), file,
                   study.config.output.predictions != KeepPredictions::none);
  return outcome;
}

}  // namespace strffit
