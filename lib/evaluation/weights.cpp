#include "evaluation/weights.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "evaluation/one_inner_thread.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

// approximate limit for the means of all runs in memory
constexpr double kHeldBytes = 256.0 * 1024 * 1024;

// For each point of the grid: the sum of the scores over units.
struct GridScores {
  std::vector<double> cc, cc_norm;
  std::int64_t units_cc = 0, units_cc_norm = 0;  // units with a finite score for equal weights
};

// The predictions of one unit by each run, for the stimuli that all runs predict.
struct UnitMeans {
  std::vector<std::size_t> stimuli;
  std::vector<std::vector<std::span<const float>>> of_run;  // [run][stimulus]
};

UnitMeans means_of_unit(const std::vector<std::vector<MeanOfStimulus>>& runs, std::size_t row) {
  std::map<std::size_t, std::vector<std::span<const float>>> found;  // key: stimulus
  for (const auto& run : runs) {
    for (const auto& one : run) {
      if (!one.predicted[row]) continue;
      const auto T = static_cast<std::size_t>(one.values.dim(2));
      found[one.stimulus].push_back(std::span(one.values.values).subspan(row * T, T));
    }
  }
  UnitMeans means;
  means.of_run.resize(runs.size());
  for (const auto& [stimulus, predictions] : found) {
    if (predictions.size() != runs.size()) continue;
    means.stimuli.push_back(stimulus);
    for (std::size_t k = 0; k < runs.size(); ++k) means.of_run[k].push_back(predictions[k]);
  }
  return means;
}

// cc and cc_norm of one unit, for each point of the grid.
std::vector<UnitMetrics> unit_scores(const UnitMeans& means, const ScoringData& data,
                                     std::size_t unit,
                                     const std::vector<std::vector<double>>& grid) {
  const auto trials = trials_of(*data.dataset, data.unit_of.at(unit), means.stimuli);
  const auto quality = response_quality(trials);
  std::vector<UnitMetrics> scores;
  std::vector<std::vector<float>> mixed(means.stimuli.size());
  for (const auto& weights : grid) {
    std::vector<std::span<const float>> predictions;
    for (std::size_t s = 0; s < mixed.size(); ++s) {
      mixed[s].resize(means.of_run.front()[s].size());
      for (std::size_t t = 0; t < mixed[s].size(); ++t) {
        double sum = 0;
        for (std::size_t k = 0; k < weights.size(); ++k)
          sum += weights[k] * static_cast<double>(means.of_run[k][s][t]);
        mixed[s][t] = static_cast<float>(sum);
      }
      predictions.emplace_back(mixed[s]);
    }
    scores.push_back(unit_metrics(trials, predictions, data.smoothed, quality));
  }
  return scores;
}

void add_unit(const std::vector<UnitMetrics>& scores, GridScores& sums) {
  const auto add = [&](double UnitMetrics::*value, std::vector<double>& to, std::int64_t& units) {
    if (scores.empty() || !std::isfinite(scores.front().*value)) return;
    ++units;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double score = scores[i].*value;
      to[i] += std::isfinite(score) ? score : 0;  // NaN (constant prediction) counts as 0
    }
  };
  add(&UnitMetrics::cc, sums.cc, sums.units_cc);
  add(&UnitMetrics::cc_norm, sums.cc_norm, sums.units_cc_norm);
}

// All ways to write `left` as a sum of `parts` integers >= 0.
void compositions(std::int64_t left, std::size_t parts, std::vector<std::int64_t>& begun,
                  std::vector<std::vector<std::int64_t>>& found) {
  if (parts == 1) {
    begun.push_back(left);
    found.push_back(begun);
    begun.pop_back();
    return;
  }
  for (std::int64_t first = left; first >= 0; --first) {
    begun.push_back(first);
    compositions(left - first, parts - 1, begun, found);
    begun.pop_back();
  }
}

}  // namespace

std::vector<std::vector<double>> weight_grid(std::size_t runs) {
  const std::int64_t steps = runs <= 4 ? 20 : runs == 5 ? 10 : 5;
  std::vector<std::vector<std::int64_t>> found;
  std::vector<std::int64_t> begun;
  compositions(steps, runs, begun, found);
  const auto number = static_cast<double>(runs);
  // equal weights first
  std::vector<std::vector<double>> grid = {std::vector<double>(runs, 1 / number)};
  for (const auto& one : found) {
    std::vector<double> weights;
    for (const auto n : one) weights.push_back(static_cast<double>(n) / static_cast<double>(steps));
    grid.push_back(std::move(weights));
  }
  return grid;
}

ChosenWeights choose_weights(const std::vector<Average>& runs, const ScoringData& data,
                             Averages which) {
  if (runs.size() > static_cast<std::size_t>(kMostWeighedRuns)) {
    throw ConfigError("--weights", "validation can weigh " + std::to_string(kMostWeighedRuns) +
                                       " runs at most; found " + std::to_string(runs.size()) +
                                       ": leave some out, or take --weights equal");
  }
  const auto grid = weight_grid(runs.size());
  GridScores sums{std::vector<double>(grid.size(), 0), std::vector<double>(grid.size(), 0)};
  double frames = 0;
  for (const auto& stimulus : data.dataset->stimuli)
    frames += static_cast<double>(stimulus.frames());
  const double unit_bytes =
      std::max(1.0, frames * sizeof(float) * static_cast<double>(runs.size()));
  const auto at_once = static_cast<std::size_t>(std::max(1.0, kHeldBytes / unit_bytes));
  const auto N = static_cast<std::size_t>(runs.front().units);
  const OneInnerThread inner(threads_of(data.run));
  for (std::size_t first = 0; first < N; first += at_once) {
    const auto last = std::min(N, first + at_once);
    std::vector<std::vector<MeanOfStimulus>> means;
    for (const auto& run : runs) means.push_back(means_of_units(run, data, which, first, last));
    std::vector<std::vector<UnitMetrics>> scores(last - first);
    parallel_for(static_cast<std::int64_t>(last - first), threads_of(data.run),
                 [&](std::int64_t item) {
                   const auto row = static_cast<std::size_t>(item);
                   const auto of_unit = means_of_unit(means, row);
                   if (of_unit.stimuli.empty()) return;
                   scores[row] = unit_scores(of_unit, data, first + row, grid);
                 });
    for (const auto& one : scores) add_unit(one, sums);
  }
  ChosenWeights chosen;
  const bool normalised = sums.units_cc_norm > 0;
  if (!normalised && sums.units_cc == 0) {
    throw ConfigError("--weights",
                      "no unit has a score on the validation stimuli, so weights cannot be chosen "
                      "by it; take --weights equal");
  }
  if (!normalised) chosen.score = "cc";
  const auto& totals = normalised ? sums.cc_norm : sums.cc;
  const auto units = static_cast<double>(normalised ? sums.units_cc_norm : sums.units_cc);
  constexpr double kRounding = 1e-6;  // tolerance per unit, for single precision
  auto best =
      static_cast<std::size_t>(std::max_element(totals.begin(), totals.end()) - totals.begin());
  if (totals[best] - totals.front() <= kRounding * units) best = 0;
  chosen.weights = grid[best];
  chosen.equal = totals.front() / units;
  chosen.best = totals[best] / units;
  return chosen;
}

}  // namespace strffit
