#include "dataset/prepare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <sstream>

#include "util/constant_range.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

// Mean and standard deviation of bands [first, last) over the stimuli `train`.
struct Moments {
  double mean = 0, std = 0;
  bool constant = true;  // but for rounding, judged by std: the range grows with their number
};

Moments moments(const Dataset& dataset, const std::vector<std::size_t>& train, std::int64_t first,
                std::int64_t last) {
  const auto each = [&](auto visit) {
    for (const std::size_t i : train) {
      const Stimulus& stimulus = dataset.stimuli.at(i);
      const float* values = stimulus.spectrogram.data();
      std::for_each(values + first * stimulus.frames(), values + last * stimulus.frames(), visit);
    }
  };
  double sum = 0, n = 0;
  float low = std::numeric_limits<float>::infinity(), high = -low;
  each([&](float value) {
    sum += value;
    ++n;
    low = std::min(low, value);
    high = std::max(high, value);
  });
  const double mean = sum / n;
  double squares = 0;
  each([&](float value) { squares += (value - mean) * (value - mean); });
  const double std = std::sqrt(squares / n);
  return {mean, std, is_rounding(std, low, high)};
}

std::vector<double> hann_window(double smooth_ms, double dt_ms) {
  // The small term keeps 20 ms / (2 x 5 ms) from becoming 1 where the division rounds down.
  const auto half = static_cast<std::int64_t>(std::floor(smooth_ms / (2 * dt_ms) + 1e-9));
  if (half == 0) return {1.0};
  std::vector<double> window;
  for (std::int64_t i = -half; i <= half; ++i) {
    window.push_back(0.5 + 0.5 * std::cos(std::numbers::pi * static_cast<double>(i) /
                                          static_cast<double>(half)));
  }
  return window;
}

void smooth_trial(const float* trial, float* result, std::int64_t frames,
                  const std::vector<double>& window) {
  const auto half = static_cast<std::int64_t>(window.size() / 2);
  for (std::int64_t t = 0; t < frames; ++t) {
    if (std::isnan(trial[t])) {
      result[t] = trial[t];
      continue;
    }
    double total = 0, weight = 0;
    for (std::int64_t s = std::max<std::int64_t>(0, t - half); s <= std::min(frames - 1, t + half);
         ++s) {
      if (std::isnan(trial[s])) continue;
      const double w = window[static_cast<std::size_t>(s - t + half)];
      total += w * trial[s];
      weight += w;
    }
    result[t] = static_cast<float>(total / weight);
  }
}

}  // namespace

void Standardisation::apply(Array<float>& spectrogram) const {
  const auto bands = static_cast<std::size_t>(spectrogram.dim(0));
  const auto frames = static_cast<std::size_t>(spectrogram.dim(1));
  if (mean.size() != std.size() || (mean.size() != 1 && mean.size() != bands)) {
    throw Bug(fmt::format("standardisation of {} bands applied to {}", mean.size(), bands));
  }
  for (std::size_t band = 0; band < bands; ++band) {
    const double shift = mean[mean.size() == 1 ? 0 : band],
                 scale = std[mean.size() == 1 ? 0 : band];
    for (std::size_t i = band * frames; i < (band + 1) * frames; ++i) {
      spectrogram.values[i] =
          std::isinf(scale) ? 0.0F : static_cast<float>((spectrogram.values[i] - shift) / scale);
    }
  }
}

std::vector<std::size_t> Standardisation::silenced() const {
  std::vector<std::size_t> bands;
  for (std::size_t band = 0; band < std.size(); ++band) {
    if (std::isinf(std[band])) bands.push_back(band);
  }
  return bands;
}

Standardisation standardisation(const Dataset& dataset, const std::vector<std::size_t>& train,
                                Standardise how) {
  if (train.empty() || how == Standardise::none) throw Bug("nothing to standardise by");
  Standardisation result;
  bool all_constant = true;
  const std::int64_t group = how == Standardise::per_band ? 1 : dataset.bands();
  for (std::int64_t band = 0; band < dataset.bands(); band += group) {
    const Moments found = moments(dataset, train, band, band + group);
    all_constant = all_constant && found.constant;
    result.mean.push_back(found.mean);
    result.std.push_back(found.constant ? std::numeric_limits<double>::infinity() : found.std);
  }
  if (all_constant) {
    throw DataError(
        dataset.file, "/stimuli",
        std::string(group == 1 ? "each band of the spectrogram" : "the spectrogram") +
            " is constant over the training stimuli (its standard deviation at most 1e-6 of "
            "its largest magnitude) and cannot be standardised: look at the file, or set "
            "data.standardise to " +
            (group == 1 ? "true" : "false"));
  }
  return result;
}

Array<float> smoothed(const Array<float>& responses, double smooth_ms, double dt_ms) {
  if (!(smooth_ms > 0 && dt_ms > 0)) throw Bug("smoothing needs widths above 0 ms");
  const std::vector<double> window = hann_window(smooth_ms, dt_ms);
  Array<float> result(responses.shape);
  const std::int64_t frames = responses.dim(2);
  for (std::int64_t start = 0; start < responses.size(); start += frames) {
    smooth_trial(responses.data() + start, result.data() + start, frames, window);
  }
  return result;
}

void smooth(Dataset& dataset, double smooth_ms) {
  std::int64_t longest = 0;
  for (const Stimulus& stimulus : dataset.stimuli) longest = std::max(longest, stimulus.frames());
  // The window is 0 at its ends: with a half width of one frame only its middle is left.
  const double least = 4 * dataset.axes.dt_ms,
               most = static_cast<double>(longest) * dataset.axes.dt_ms;
  if (smooth_ms + 1e-9 < least || smooth_ms > most) {
    std::ostringstream text;
    if (most < least) {
      text << "expected none: the longest stimulus is shorter than four frames; found "
           << smooth_ms;
    } else {
      text << "expected none, or from " << least << " ms (four frames; less smooths nothing) to "
           << most << " ms, the longest stimulus; found " << smooth_ms;
    }
    throw ConfigError("data.smooth_ms", text.str());
  }
  for (Stimulus& stimulus : dataset.stimuli) {
    stimulus.responses = smoothed(stimulus.responses, smooth_ms, dataset.axes.dt_ms);
  }
  dataset.counts = false;
}

Array<float> target(const Array<float>& responses) {
  const std::int64_t units = responses.dim(0), trials = responses.dim(1), frames = responses.dim(2);
  Array<float> result({units, frames});
  for (std::int64_t unit = 0; unit < units; ++unit) {
    for (std::int64_t t = 0; t < frames; ++t) {
      double total = 0;
      std::int64_t present = 0;
      for (std::int64_t trial = 0; trial < trials; ++trial) {
        const float value = responses.data()[(unit * trials + trial) * frames + t];
        if (std::isnan(value)) continue;
        total += value;
        ++present;
      }
      result.data()[unit * frames + t] =
          present == 0 ? std::numeric_limits<float>::quiet_NaN()
                       : static_cast<float>(total / static_cast<double>(present));
    }
  }
  return result;
}

namespace {

// For each unit, the lowest and highest target over these stimuli; low > high if there is none.
struct TargetRange {
  std::vector<float> low, high;

  TargetRange(const Dataset& dataset, const std::vector<std::size_t>& stimuli)
      : low(static_cast<std::size_t>(dataset.units()), std::numeric_limits<float>::infinity()),
        high(low.size(), -std::numeric_limits<float>::infinity()) {
    for (const std::size_t i : stimuli) {
      const Array<float> mean = target(dataset.stimuli.at(i).responses);
      const auto frames = static_cast<std::size_t>(mean.dim(1));
      for (std::size_t k = 0; k < mean.values.size(); ++k) {
        if (std::isnan(mean.values[k])) continue;
        low[k / frames] = std::min(low[k / frames], mean.values[k]);
        high[k / frames] = std::max(high[k / frames], mean.values[k]);
      }
    }
  }

  bool is_absent(std::size_t unit) const { return low[unit] > high[unit]; }
  bool is_constant(std::size_t unit) const {
    return is_rounding(high[unit] - low[unit], low[unit], high[unit]);
  }
};

}  // namespace

std::vector<std::size_t> units_without_variation(const Dataset& dataset,
                                                 const std::vector<std::size_t>& stimuli) {
  const TargetRange range(dataset, stimuli);
  std::vector<std::size_t> without;
  for (std::size_t unit = 0; unit < range.low.size(); ++unit) {
    if (range.is_absent(unit) || range.is_constant(unit)) without.push_back(unit);
  }
  return without;
}

std::vector<UnusableUnit> unusable_units(const Dataset& dataset,
                                         const std::vector<std::size_t>& train) {
  const TargetRange range(dataset, train);
  std::vector<UnusableUnit> unusable;
  for (std::size_t unit = 0; unit < range.low.size(); ++unit) {
    if (range.is_absent(unit)) {
      unusable.push_back({.unit = unit, .reason = "no response in the training stimuli"});
    } else if (range.is_constant(unit)) {
      unusable.push_back({.unit = unit, .reason = "a constant response in the training stimuli"});
    }
  }
  return unusable;
}

}  // namespace strffit
