// Delay of the responses after the sound: models.md, "Is a dataset in the right units".
#include "dataset/following.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "util/constant_range.hpp"
#include "util/evenly.hpp"
#include "util/nan.hpp"

namespace strffit {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFirstLagMs = -200, kLastLagMs = 300;
constexpr double kClear = 2.75;  // threshold / maximum with time-reversed responses; noise: 2.1
constexpr double kClearSpreads = 12;    // threshold, in spreads above the median over lags
constexpr double kFewestCarriers = 50;  // effective number of frames with a response
constexpr double kClearlyMore = 1.5;    // peak outside 0 to 100 ms / maximum within, to count
constexpr double kBegins = 0.2;         // fraction of the maximum at which the peak begins
constexpr std::int64_t kMostGroups = 8, kMostUnits = 16;
constexpr double kMostProducts = 7.5e8;
constexpr std::int64_t kOrder = 10;       // of the whitening filter
constexpr std::int64_t kLagsBeyond = 25;  // extra lags on each side, to estimate the noise
constexpr double kFewestFrames = 100;     // overlapping frames that a lag needs

using Signals = FollowingWatch::Signals;
using OneKind = std::vector<std::vector<float>> Signals::*;

// Scales each signal to mean 0 and variance 1 over all stimuli, with 0 where it is missing. Removes
// signals that are constant or always missing.
void standardise_signals(std::vector<Signals>& all, OneKind kind) {
  for (std::size_t i = (all.front().*kind).size(); i-- > 0;) {
    double n = 0, sum = 0, squares = 0, low = kInfinity, high = -kInfinity;
    const auto each = [&](auto visit) {
      for (auto& signals : all) {
        for (float& value : (signals.*kind)[i]) {
          if (!std::isnan(value)) visit(value);
        }
      }
    };
    each([&](float& value) {
      ++n;
      sum += value;
      low = std::min<double>(low, value);
      high = std::max<double>(high, value);
    });
    const double mean = sum / n;
    each([&](float& value) { squares += (value - mean) * (value - mean); });
    const double deviation = std::sqrt(squares / n);
    const bool gone = n == 0 || is_rounding(deviation, low, high);
    for (auto& signals : all) {
      auto& several = signals.*kind;
      if (gone) {
        several.erase(several.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      for (float& value : several[i]) {
        value = std::isnan(value) ? 0.0F : static_cast<float>((value - mean) / deviation);
      }
    }
  }
}

// Coefficients that predict a frame of a sound from the frames before it: Yule-Walker equations
// over all groups, solved by Levinson's recursion.
std::array<double, kOrder> prediction_of_sounds(const std::vector<Signals>& all) {
  std::array<double, kOrder + 1> covariance{};
  for (const auto& signals : all) {
    for (const auto& sound : signals.sound) {
      for (std::int64_t lag = 0; lag <= kOrder; ++lag) {
        for (std::int64_t t = lag; t < signals.frames; ++t) {
          covariance[static_cast<std::size_t>(lag)] +=
              static_cast<double>(sound[static_cast<std::size_t>(t)]) *
              sound[static_cast<std::size_t>(t - lag)];
        }
      }
    }
  }
  constexpr double kFloor = 1e-6;  // added white noise, so that periodic sounds have a solution
  double error = covariance[0] * (1 + kFloor);
  std::array<double, kOrder> a{};
  for (std::size_t order = 0; order < a.size(); ++order) {
    double left = covariance[order + 1];
    for (std::size_t i = 0; i < order; ++i) left -= a[i] * covariance[order - i];
    const double reflection = left / error;
    const auto before = a;
    a[order] = reflection;
    for (std::size_t i = 0; i < order; ++i) a[i] = before[i] - reflection * before[order - 1 - i];
    error *= 1 - reflection * reflection;
  }
  return a;
}

void filter_signal(std::vector<float>& signal, const std::array<double, kOrder>& a) {
  for (std::size_t t = signal.size(); t-- > a.size();) {
    double value = signal[t];
    for (std::size_t i = 0; i < a.size(); ++i) value -= a[i] * signal[t - 1 - i];
    signal[t] = static_cast<float>(value);
  }
  signal.erase(signal.begin(), signal.begin() + static_cast<std::ptrdiff_t>(a.size()));
}

double inner_product(const float* a, const float* b, std::int64_t n) {
  constexpr std::int64_t kLanes = 16;  // independent sums, so that the loop vectorises
  std::array<float, kLanes> sums{};
  std::int64_t t = 0;
  for (; t + kLanes <= n; t += kLanes) {
    for (std::int64_t i = 0; i < kLanes; ++i) {
      sums[static_cast<std::size_t>(i)] += a[t + i] * b[t + i];
    }
  }
  double sum = 0;
  for (const float one : sums) sum += one;
  for (; t < n; ++t) sum += a[t] * b[t];
  return sum;
}

double power_of(const std::vector<Signals>& all, OneKind kind, std::size_t i) {
  double sum = 0, frames = 0;
  for (const auto& signals : all) {
    const auto& signal = (signals.*kind)[i];
    sum += inner_product(signal.data(), signal.data(), signals.frames);
    frames += static_cast<double>(signals.frames);
  }
  return sum / frames;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// For each lag: squared correlation times number of frames, averaged over groups and units. Chance
// gives 1. NaN if fewer than kFewestFrames frames overlap.
std::vector<double> following_by_lag(const std::vector<Signals>& all, std::int64_t first,
                                     std::int64_t last) {
  const auto groups = all.front().sound.size(), units = all.front().responses.size();
  std::vector<double> sound_power, response_power;
  for (std::size_t g = 0; g < groups; ++g) {
    sound_power.push_back(power_of(all, &Signals::sound, g));
  }
  for (std::size_t u = 0; u < units; ++u) {
    response_power.push_back(power_of(all, &Signals::responses, u));
  }
  std::vector<double> result;
  for (std::int64_t lag = first; lag <= last; ++lag) {
    double frames = 0, total = 0;
    std::vector<double> sums(groups * units, 0.0);
    for (const auto& signals : all) {
      const auto n = signals.frames - std::abs(lag);
      if (n <= 0) continue;
      frames += static_cast<double>(n);
      const auto sound_from = lag < 0 ? -lag : 0, response_from = lag > 0 ? lag : 0;
      for (std::size_t g = 0; g < groups; ++g) {
        for (std::size_t u = 0; u < units; ++u) {
          sums[g * units + u] += inner_product(signals.sound[g].data() + sound_from,
                                               signals.responses[u].data() + response_from, n);
        }
      }
    }
    for (std::size_t g = 0; g < groups; ++g) {
      for (std::size_t u = 0; u < units; ++u) {
        const double power = sound_power[g] * response_power[u];
        if (power > 0) total += sums[g * units + u] * sums[g * units + u] / power;
      }
    }
    result.push_back(frames >= kFewestFrames ? total / frames / static_cast<double>(groups * units)
                                             : kNaN);
  }
  return result;
}

std::vector<double> without_nan(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  return values;
}

// Removes responses with so few active frames that one coincidence with a loud sound would decide.
void drop_isolated(std::vector<Signals>& all) {
  for (std::size_t u = all.front().responses.size(); u-- > 0;) {
    double squares = 0, fourths = 0;
    for (const auto& signals : all) {
      for (const float value : signals.responses[u]) {
        const double square = static_cast<double>(value) * value;
        squares += square;
        fourths += square * square;
      }
    }
    if (squares * squares > kFewestCarriers * fourths) continue;
    for (auto& signals : all) {
      signals.responses.erase(signals.responses.begin() + static_cast<std::ptrdiff_t>(u));
    }
  }
}

}  // namespace

FollowingWatch::FollowingWatch(const Axes& axes, std::int64_t units, std::int64_t frames)
    : dt_ms_(axes.dt_ms), bands_(static_cast<std::int64_t>(axes.frequencies_hz.size())) {
  first_ = std::llround(kFirstLagMs / dt_ms_);
  last_ = std::llround(kLastLagMs / dt_ms_);
  constexpr std::int64_t kMostLags = 20000;  // more lags mean implausibly short frames
  if (units == 0 || last_ - first_ > kMostLags) return;
  units_ = evenly(units, kMostUnits);
  const auto lags = last_ - first_ + 1 + 2 * kLagsBeyond;
  const auto products =
      lags * std::min(bands_, kMostGroups) * static_cast<std::int64_t>(units_.size());
  left_ = static_cast<std::int64_t>(kMostProducts / static_cast<double>(products));
  // If there are more frames than that, stimuli are taken at regular intervals.
  step_ = frames / left_ + 1;
}

void FollowingWatch::see(const Stimulus& stimulus) {
  if (seen_++ % step_ != 0 || left_ <= 0) return;
  const auto groups = std::min(bands_, kMostGroups);
  const auto frames = stimulus.frames(), trials = stimulus.trials();
  if (frames <= 2 * kOrder || stimulus.responses.values.empty()) return;
  Signals signals;
  signals.frames = std::min(frames, left_);
  left_ -= signals.frames;
  const auto length = static_cast<std::size_t>(signals.frames);
  for (std::int64_t g = 0; g < groups; ++g) {
    std::vector<float> sound(length, 0.0F);
    for (auto band = bands_ * g / groups; band < bands_ * (g + 1) / groups; ++band) {
      const float* const values = stimulus.spectrogram.data() + band * frames;
      for (std::size_t t = 0; t < length; ++t) sound[t] += values[t];
    }
    signals.sound.push_back(std::move(sound));
  }
  for (const auto unit : units_) {
    std::vector<float> mean(length, 0.0F), present(length, 0.0F);
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      const float* const values = stimulus.responses.data() + (unit * trials + trial) * frames;
      for (std::size_t t = 0; t < length; ++t) {
        const bool there = !std::isnan(values[t]);
        mean[t] += there ? values[t] : 0.0F;
        present[t] += there ? 1.0F : 0.0F;
      }
    }
    for (std::size_t t = 0; t < length; ++t) mean[t] /= present[t];  // NaN if no trial is present
    signals.responses.push_back(std::move(mean));
  }
  all_.push_back(std::move(signals));
}

// Cross-correlation of sounds and responses after the filter that whitens the sounds
// ("prewhitening", Box and Jenkins 1976). Neighbouring frames of natural sounds are alike; without
// the filter the peak would lie where a sound begins to rise, not where the responses follow.
Following FollowingWatch::following() && {
  Following result;
  auto& all = all_;
  if (all.empty()) return result;
  standardise_signals(all, &Signals::sound);
  standardise_signals(all, &Signals::responses);
  if (all.front().sound.empty() || all.front().responses.empty()) return result;
  const auto prediction = prediction_of_sounds(all);
  for (auto& signals : all) {
    for (auto& sound : signals.sound) filter_signal(sound, prediction);
    for (auto& response : signals.responses) filter_signal(response, prediction);
    signals.frames -= kOrder;
  }
  drop_isolated(all);
  if (all.front().responses.empty()) return result;
  const auto by_lag = following_by_lag(all, first_ - kLagsBeyond, last_ + kLagsBeyond);
  auto known = without_nan(by_lag);
  if (known.empty()) return result;
  const double chance = median_of(known);
  for (double& value : known) value = std::abs(value - chance);
  const double spread = 1.4826 * median_of(known);  // standard deviation, if normal
  double most = -kInfinity, possible = -kInfinity;
  for (auto lag = first_; lag <= last_; ++lag) {
    const double value = by_lag[static_cast<std::size_t>(lag - first_ + kLagsBeyond)];
    const double ms = static_cast<double>(lag) * dt_ms_;
    result.lags_ms.push_back(ms);
    result.by_lag.push_back(value);
    if (std::isnan(value)) continue;
    if (value > most) {
      most = value;
      result.lag_ms = ms;
    }
    if (ms >= 0 && ms <= kLastPossibleLagMs + dt_ms_ / 2) possible = std::max(possible, value);
  }
  // The chance level: the same sounds with time-reversed responses.
  for (auto& signals : all) {
    for (auto& response : signals.responses) std::ranges::reverse(response);
  }
  const auto backwards =
      without_nan(following_by_lag(all, first_ - kLagsBeyond, last_ + kLagsBeyond));
  const double clear =
      std::max(kClear * *std::ranges::max_element(backwards), chance + kClearSpreads * spread);
  result.clear = most > clear;
  result.possible = most <= kClearlyMore * possible;
  if (!result.clear) return result;
  const double enough = std::max(clear, chance + kBegins * (most - chance));
  auto begin = std::ranges::find(result.lags_ms, result.lag_ms) - result.lags_ms.begin();
  // A gap of one frame, as between the latencies of two units, does not end the peak.
  for (auto at = begin - 1; at >= 0 && at >= begin - 2; --at) {
    if (result.by_lag[static_cast<std::size_t>(at)] > enough) begin = at;
  }
  result.begins_ms = result.lags_ms[static_cast<std::size_t>(begin)];
  return result;
}

}  // namespace strffit
