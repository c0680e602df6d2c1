#include "metrics/unit_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "metrics/score_target.hpp"
#include "metrics/statistics.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

constexpr double kLowestRate = 1e-8;  // responses per frame, lower limit in logarithms

std::vector<float> joined(std::span<const Trials> stimuli,
                          std::span<const std::span<const float>> predictions) {
  if (stimuli.size() != predictions.size()) {
    throw Bug(fmt::format("metrics of {} stimuli and {} predictions", stimuli.size(),
                          predictions.size()));
  }
  std::vector<float> all;
  for (std::size_t s = 0; s < stimuli.size(); ++s) {
    if (predictions[s].size() != static_cast<std::size_t>(stimuli[s].frames)) {
      throw Bug(fmt::format("stimulus {} has {} frames, its prediction {}", s, stimuli[s].frames,
                            predictions[s].size()));
    }
    all.insert(all.end(), predictions[s].begin(), predictions[s].end());
  }
  return all;
}

double sum_of_squares(std::span<const double> values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

std::vector<double> difference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>());
  return result;
}

double fraction_of_variance(std::span<const double> y, std::span<const double> residual) {
  if (y.size() < 2 || is_constant(y)) return kNaN;
  const double total = variance(y) * static_cast<double>(y.size() - 1);
  return 1 - sum_of_squares(residual) / total;
}

// True if every response present is an integer >= 0.
bool are_counts(const Trials& stimulus) {
  const float* end = stimulus.trial(stimulus.trials);
  return std::all_of(stimulus.data, end, [](float value) {
    return std::isnan(value) || (value >= 0 && value == std::trunc(value));
  });
}

// Poisson log-likelihood gain over the unit's mean rate on the same frames, in bits per spike; NaN
// without spikes and if a response is not a count.
double bits_per_spike(std::span<const Trials> stimuli, std::span<const float> prediction) {
  double spikes = 0;
  double present = 0;
  double log_rates = 0;  // sum over trials and frames of spikes log(rate)
  double rates = 0;      // sum over trials and frames of rate
  auto predicted = prediction.begin();
  for (const Trials& stimulus : stimuli) {
    if (!are_counts(stimulus)) return kNaN;
    const FrameSums sums = frame_sums(stimulus);
    for (std::size_t t = 0; t < sums.sum.size(); ++t, ++predicted) {
      if (sums.present[t] == 0) continue;
      if (!std::isfinite(*predicted)) return kNaN;
      const double rate = std::max(static_cast<double>(*predicted), kLowestRate);
      spikes += sums.sum[t];
      present += sums.present[t];
      log_rates += sums.sum[t] * std::log(rate);
      rates += sums.present[t] * rate;
    }
  }
  if (spikes == 0) return kNaN;
  // The mean rate predicts the total number of spikes, so its own term is `spikes`.
  const double gain = log_rates - spikes * std::log(spikes / present) - (rates - spikes);
  return gain / std::numbers::ln2 / spikes;
}

}  // namespace

UnitMetrics unit_metrics(std::span<const Trials> stimuli,
                         std::span<const std::span<const float>> predictions, bool smoothed) {
  return unit_metrics(stimuli, predictions, smoothed, response_quality(stimuli));
}

UnitMetrics unit_metrics(std::span<const Trials> stimuli,
                         std::span<const std::span<const float>> predictions, bool smoothed,
                         const ResponseQuality& quality) {
  const std::vector<float> prediction = joined(stimuli, predictions);
  const ScoreTarget target(stimuli);
  UnitMetrics metrics;

  const std::vector<double> r = at_runs(prediction.data(), 1, target.all().runs);
  const std::vector<double>& y = target.all().y;
  const std::vector<double> residual = difference(y, r);
  metrics.cc = pearson(r, y);
  metrics.mse = y.empty() ? kNaN : sum_of_squares(residual) / static_cast<double>(y.size());
  metrics.fve = fraction_of_variance(y, residual);
  metrics.bits_per_spike = smoothed ? kNaN : bits_per_spike(stimuli, prediction);

  metrics.signal_power = quality.signal_power;
  metrics.noise_power = quality.noise_power;
  metrics.snr = quality.snr;
  metrics.cc_max = quality.cc_max;
  metrics.cc_max_error = quality.cc_max_error;
  metrics.cc_norm_hsu = metrics.cc / metrics.cc_max;
  metrics.cc_norm = target.cc_norm(prediction.data());
  if (quality.signal_power > 0) {
    const std::vector<double>& repeated = target.repeated().y;
    const auto left = difference(repeated, at_runs(prediction.data(), 1, target.repeated().runs));
    metrics.spe = (variance(repeated) - variance(left)) / quality.signal_power;
  }
  return metrics;
}

}  // namespace strffit
