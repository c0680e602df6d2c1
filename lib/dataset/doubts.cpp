// Units of measurement that are probably not what the format says (Dataset in inspect.hpp).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>

#include "dataset/inspect.hpp"
#include "util/constant_range.hpp"
#include "util/frequency.hpp"
#include "util/nan.hpp"

namespace strffit {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLowestTopHz = 100;
constexpr double kShortestFrameMs = 0.1, kLongestFrameMs = 1000;
constexpr double kShareInOneFrame = 0.9;
constexpr double kFewestSpikes = 20;
constexpr double kHighestRate = 500;      // 1/s
constexpr double kSkewOfAmplitude = 3.5;  // compressed sounds have up to 3, amplitudes 5 to 40
constexpr double kFirstLagMs = -200, kLastLagMs = 300;
constexpr double kLastPossibleLagMs = 100;
constexpr double kClear = 2.75;  // times the most that responses backwards in time give; noise: 2.1
constexpr double kClearSpreads = 12;    // above the median over lags
constexpr double kFewestCarriers = 50;  // frames that a response consists of
constexpr double kClearlyMore = 1.5;    // than at any possible lag

// What is looked at of a large dataset: enough to tell, and a part of a second.
constexpr std::size_t kMostSoundValues = 1000000;        // of spectrograms, for their skewness
constexpr std::int64_t kMostResponseValues = 200000000;  // numbers, for spikes and rates
constexpr std::int64_t kMostGroups = 8, kMostUnits = 16;
constexpr double kMostProducts = 7.5e8;
constexpr std::int64_t kOrder = 10;       // of the filter that makes sounds white
constexpr std::int64_t kLagsBeyond = 25;  // on both sides, to know the noise
constexpr double kFewestFrames = 100;     // that a lag is known from

std::string short_text(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// `most` of n places at most, evenly spaced.
std::vector<std::int64_t> evenly(std::int64_t n, std::int64_t most) {
  std::vector<std::int64_t> places;
  const auto chosen = std::min(n, most);
  for (std::int64_t i = 0; i < chosen; ++i) places.push_back(i * n / chosen);
  return places;
}

// Skewness of the values above the lowest, which stands for silence; NaN where some are below 0,
// as amplitudes never are.
double skewness_above_floor(const Dataset& dataset) {
  std::size_t all = 0;
  for (const auto& stimulus : dataset.stimuli) all += stimulus.spectrogram.values.size();
  const std::size_t step = all / kMostSoundValues + 1;
  std::vector<double> values;
  values.reserve(all / step + 1);
  std::size_t place = 0;
  for (const auto& stimulus : dataset.stimuli) {
    const auto& one = stimulus.spectrogram.values;
    for (; place < one.size(); place += step) values.push_back(one[place]);
    place -= one.size();
  }
  if (values.empty()) return kNaN;
  const double low = *std::min_element(values.begin(), values.end());
  if (low < 0) return kNaN;
  std::erase_if(values, [low](double value) { return value <= low; });
  const auto n = static_cast<double>(values.size());
  if (n < kFewestFrames) return kNaN;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0, cubes = 0;
  for (const double value : values) {
    const double d = value - mean;
    squares += d * d;
    cubes += d * d * d;
  }
  return cubes / n / std::pow(squares / n, 1.5);
}

// Spikes by their frame, of all stimuli together.
struct SpikeTimes {
  std::vector<double> by_frame;
  double spikes = 0, seconds = 0;  // of all trials
  std::int64_t shortest = 0;       // frames of a stimulus
};

SpikeTimes spike_times(const Dataset& dataset) {
  std::int64_t all = 0;
  for (const auto& stimulus : dataset.stimuli) all += stimulus.responses.size();
  const auto units =
      evenly(dataset.units(), std::max<std::int64_t>(1, dataset.units() * kMostResponseValues /
                                                            std::max(all, kMostResponseValues)));
  SpikeTimes times;
  double frames_present = 0;
  for (const auto& stimulus : dataset.stimuli) {
    if (stimulus.responses.values.empty()) continue;
    const auto frames = stimulus.frames(), trials = stimulus.trials();
    times.shortest = times.shortest == 0 ? frames : std::min(times.shortest, frames);
    if (times.by_frame.size() < static_cast<std::size_t>(frames)) {
      times.by_frame.resize(static_cast<std::size_t>(frames));
    }
    for (const auto unit : units) {
      for (std::int64_t trial = 0; trial < trials; ++trial) {
        const float* const values = stimulus.responses.data() + (unit * trials + trial) * frames;
        for (std::int64_t t = 0; t < frames; ++t) {
          const bool present = !std::isnan(values[t]);
          const float value = present ? values[t] : 0.0F;
          frames_present += present ? 1 : 0;
          times.by_frame[static_cast<std::size_t>(t)] += value;
        }
      }
    }
  }
  times.spikes = std::accumulate(times.by_frame.begin(), times.by_frame.end(), 0.0);
  times.seconds = frames_present * dataset.axes.dt_ms / 1000;
  return times;
}

// Signals of one stimulus, each of `frames` numbers.
struct Signals {
  std::int64_t frames = 0;
  std::vector<std::vector<float>> sound;      // groups of neighbouring bands
  std::vector<std::vector<float>> responses;  // of units, means over trials
};

using OneKind = std::vector<std::vector<float>> Signals::*;

// Each signal centred and of unit variance over all stimuli, 0 where missing; those that are
// constant or never there go.
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

// Coefficients that predict a frame of a sound from those before it: the Yule-Walker equations of
// all groups together, by Levinson's recursion.
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
  constexpr double kFloor = 1e-6;  // white noise, so that what is periodic has an answer
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
  constexpr std::int64_t kLanes = 16;  // sums side by side, which a processor adds at once
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

// Sounds and responses as far as they are looked at.
std::vector<Signals> some_signals(const Dataset& dataset, std::int64_t lags) {
  const auto groups = std::min(dataset.bands(), kMostGroups);
  const auto units = evenly(dataset.units(), kMostUnits);
  std::int64_t frames_all = 0;
  for (const auto& stimulus : dataset.stimuli) frames_all += stimulus.frames();
  const auto most_frames = static_cast<std::int64_t>(
      kMostProducts / static_cast<double>(lags * groups * static_cast<std::int64_t>(units.size())));
  // Of more stimuli than that, some from everywhere.
  const auto step = static_cast<std::size_t>(frames_all / most_frames + 1);
  std::vector<Signals> all;
  std::int64_t left = most_frames;
  for (std::size_t s = 0; s < dataset.stimuli.size() && left > 0; s += step) {
    const Stimulus& stimulus = dataset.stimuli[s];
    const auto frames = stimulus.frames(), trials = stimulus.trials();
    if (frames <= 2 * kOrder || stimulus.responses.values.empty()) continue;
    Signals signals;
    signals.frames = std::min(frames, left);
    left -= signals.frames;
    const auto length = static_cast<std::size_t>(signals.frames);
    for (std::int64_t g = 0; g < groups; ++g) {
      std::vector<float> sound(length, 0.0F);
      for (auto band = dataset.bands() * g / groups; band < dataset.bands() * (g + 1) / groups;
           ++band) {
        const float* const values = stimulus.spectrogram.data() + band * frames;
        for (std::size_t t = 0; t < length; ++t) sound[t] += values[t];
      }
      signals.sound.push_back(std::move(sound));
    }
    for (const auto unit : units) {
      std::vector<float> mean(length, 0.0F), present(length, 0.0F);
      for (std::int64_t trial = 0; trial < trials; ++trial) {
        const float* const values = stimulus.responses.data() + (unit * trials + trial) * frames;
        for (std::size_t t = 0; t < length; ++t) {
          const bool there = !std::isnan(values[t]);
          mean[t] += there ? values[t] : 0.0F;
          present[t] += there ? 1.0F : 0.0F;
        }
      }
      for (std::size_t t = 0; t < length; ++t) mean[t] /= present[t];  // NaN where none is
      signals.responses.push_back(std::move(mean));
    }
    all.push_back(std::move(signals));
  }
  return all;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Mean over groups and units of the squared correlation times its frames, by lag, 1 where there is
// nothing but chance; NaN where too few frames know.
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

// Responses that consist of so few frames that a chance meeting with a loud sound would decide.
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

// The cross-correlation of sounds and responses, both filtered so that the sounds are white (Box
// and Jenkins 1976, "prewhitening"): of natural sounds, whose neighbouring frames are alike, it
// peaks where the responses follow, and not where a sound begins to rise.
Following following_of(const Dataset& dataset) {
  const double dt_ms = dataset.axes.dt_ms;
  const auto first = std::llround(kFirstLagMs / dt_ms), last = std::llround(kLastLagMs / dt_ms);
  Following result;
  constexpr std::int64_t kMostLags = 20000;  // of frames that are too short to be true
  if (dataset.units() == 0 || last - first > kMostLags) return result;
  auto all = some_signals(dataset, last - first + 1 + 2 * kLagsBeyond);
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
  const auto by_lag = following_by_lag(all, first - kLagsBeyond, last + kLagsBeyond);
  auto known = without_nan(by_lag);
  if (known.empty()) return result;
  const double chance = median_of(known);
  for (double& value : known) value = std::abs(value - chance);
  const double spread = 1.4826 * median_of(known);  // of a normal distribution, its deviation
  double most = -kInfinity, possible = -kInfinity;
  for (auto lag = first; lag <= last; ++lag) {
    const double value = by_lag[static_cast<std::size_t>(lag - first + kLagsBeyond)];
    if (std::isnan(value)) continue;
    const double ms = static_cast<double>(lag) * dt_ms;
    if (value > most) {
      most = value;
      result.lag_ms = ms;
    }
    if (ms >= 0 && ms <= kLastPossibleLagMs + dt_ms / 2) possible = std::max(possible, value);
  }
  // What chance gives: the same sounds and responses, but one of them backwards.
  for (auto& signals : all) {
    for (auto& response : signals.responses) std::ranges::reverse(response);
  }
  const auto backwards =
      without_nan(following_by_lag(all, first - kLagsBeyond, last + kLagsBeyond));
  result.clear = most > kClear * *std::ranges::max_element(backwards) &&
                 most > chance + kClearSpreads * spread;
  result.possible = most <= kClearlyMore * possible;
  return result;
}

std::string warning_of_lag(const Following& following) {
  const std::string seen = "the responses follow the sound most clearly by " +
                           short_text(following.lag_ms) +
                           " ms, where 0 "
                           "to 100 ms can be: ";
  return following.lag_ms < 0
             ? seen +
                   "they come before it; spike times are probably counted from another moment than "
                   "the sound's begin: add " +
                   short_text(-following.lag_ms) + " ms or more to them"
             : seen +
                   "spike times are probably counted from a moment before the sound's begin (a "
                   "silence, the trial's start): subtract that from them";
}

}  // namespace

Doubts doubts_about(const Dataset& dataset) {
  Doubts doubts;
  auto& warnings = doubts.warnings;
  const double top = dataset.axes.frequencies_hz.back(), dt_ms = dataset.axes.dt_ms;
  if (top < kLowestTopHz) {
    warnings.push_back(
        "the highest band lies at " + frequency_text(top) +
        ": /frequencies_hz is probably in kHz, where Hz are expected; multiply it by "
        "1000");
  }
  if (dt_ms < kShortestFrameMs) {
    warnings.push_back(
        "a frame lasts " + short_text(dt_ms) +
        " ms: dt_ms is probably in seconds, where milliseconds are expected; multiply it "
        "by 1000");
  } else if (dt_ms > kLongestFrameMs) {
    warnings.push_back(
        "a frame lasts " + short_text(dt_ms) +
        " ms: dt_ms is probably in microseconds, or the number of frames a second, where "
        "the milliseconds of a frame are expected");
  }
  if (dataset.counts && dataset.units() > 0) {
    const SpikeTimes times = spike_times(dataset);
    const auto& by_frame = times.by_frame;
    const auto most = std::max_element(by_frame.begin(), by_frame.end());
    // A thousandth of the sounds' length is where seconds lie that were read as milliseconds.
    const auto beginning = std::max<std::int64_t>(1, times.shortest / 500);
    const double at_first = std::accumulate(
        by_frame.begin(),
        by_frame.begin() +
            std::min<std::int64_t>(beginning, static_cast<std::int64_t>(by_frame.size())),
        0.0);
    const bool enough = times.spikes >= kFewestSpikes && times.shortest >= 10;
    if (enough && std::max(*most, at_first) > kShareInOneFrame * times.spikes) {
      const bool first = at_first >= *most;
      const double share = std::max(*most, at_first) / times.spikes;
      warnings.push_back(
          short_text(100 * share) + " % of the spikes lie in " +
          (!first           ? "frame " + std::to_string(most - by_frame.begin())
           : beginning == 1 ? std::string("frame 0")
                            : "the first " + std::to_string(beginning) + " frames") +
          " of their stimuli: spike times are probably in seconds and were taken for milliseconds; "
          "multiply them by 1000 before they are put into frames");
    }
    const double rate = times.spikes / times.seconds;
    if (rate > kHighestRate) {
      warnings.push_back(
          "the mean rate is " + short_text(rate) +
          " spikes/s: the responses are probably rates in 1/s, where spikes a frame are "
          "expected (divide by 1000 / dt_ms), or dt_ms (" +
          short_text(dt_ms) + " ms) is too small");
    }
  }
  doubts.skewness = skewness_above_floor(dataset);
  if (doubts.skewness > kSkewOfAmplitude) {
    warnings.push_back(
        "the spectrogram's values are 0 or more with a skewness of " + short_text(doubts.skewness) +
        ": they are probably linear amplitudes or powers, of which a few loud moments "
        "outweigh all others; take their logarithm, log(1 + a x), or a root");
  }
  doubts.following = following_of(dataset);
  const bool late = doubts.following.lag_ms > 0;
  // Only spikes must come soon: signals of calcium or of the cortex' surface are slow.
  if (doubts.following.clear && !doubts.following.possible && (dataset.counts || !late)) {
    warnings.push_back(warning_of_lag(doubts.following));
  }
  return doubts;
}

}  // namespace strffit
