#include "dataset/simulate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "dataset/prepare.hpp"
#include "util/errors.hpp"
#include "util/random.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

constexpr double kKernelMs = 100;  // length of the true kernels
constexpr int kRipples = 24;       // per sound
constexpr double kNoiseShare = 1.0;
constexpr double kNoiseMs = 10;      // correlation time of the noise
constexpr double kSharpness = 2;     // of the output nonlinearity, per standard deviation of drive
constexpr double kMostValues = 4e9;  // of all responses, 16 GB

// Streams of random numbers. With one stream each, an added unit does not change the sounds.
enum Purpose : std::uint64_t { kSound = 1, kNeuron = 2, kSpikes = 3 };

void check(const SimulateOptions& options) {
  const auto expect = [](bool holds, const std::string& what) {
    if (!holds) throw ConfigError("simulate", "expected " + what);
  };
  expect(options.units >= 1 && options.stimuli >= 1 && options.bands >= 1 && options.trials >= 1,
         "one unit, stimulus, band and trial or more");
  expect(options.dt_ms > 0 && std::isfinite(options.dt_ms), "a frame width above 0 ms");
  expect(options.seconds * 1000 >= options.dt_ms && std::isfinite(options.seconds * 1000),
         "sounds of one frame or longer, and of finite length");
  expect(options.min_frequency_hz > 0 && options.max_frequency_hz > options.min_frequency_hz &&
             std::isfinite(options.max_frequency_hz),
         "frequencies above 0 Hz, the lowest below the highest");
  expect(options.rate_hz > 0 && options.rate_hz <= 1000, "a rate above 0 and at most 1000 Hz");
  const double frames =
      options.seconds * 1000 / options.dt_ms * static_cast<double>(options.stimuli);
  expect(std::floor(frames) * static_cast<double>(options.bands) >= 2,
         "two frames or bands, so that a sound is not constant");
  expect(frames * static_cast<double>(options.units) * static_cast<double>(options.trials) <=
                 kMostValues &&
             frames * static_cast<double>(options.bands) <= kMostValues,
         "at most 4e9 responses and as many values of spectrograms: ask for fewer units, stimuli, "
         "trials or seconds");
}

std::vector<double> log_spaced(double low, double high, std::int64_t n) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) {
    const double share = n == 1 ? 0 : static_cast<double>(i) / static_cast<double>(n - 1);
    values.push_back(low * std::pow(high / low, share));
  }
  return values;
}

// "unit_07" of 12: zero-padded, so that lexicographic and numeric order agree.
std::string numbered(const std::string& name, std::int64_t number, std::int64_t last) {
  return fmt::format("{}{:0{}}", name, number, fmt::formatted_size("{}", last));
}

// Fast ripples are weaker, as in natural sounds.
Ripple draw_ripple(Random& random) {
  Ripple ripple{};
  ripple.rate_hz = std::pow(2.0, random.uniform(0, 5)) * (random.uniform() < 0.5 ? -1 : 1);
  ripple.cycles_per_octave = random.uniform(0, 2);
  ripple.amplitude = std::sqrt(2.0 / kRipples) * 1.5 / std::sqrt(1 + std::abs(ripple.rate_hz) / 4);
  ripple.phase = random.uniform(0, 2 * std::numbers::pi);
  return ripple;
}

void add_ripple(Array<double>& level, const Axes& axes, const Ripple& ripple) {
  const std::int64_t frames = level.dim(1);
  for (std::int64_t f = 0; f < level.dim(0); ++f) {
    const double octaves =
        std::log2(axes.frequencies_hz[static_cast<std::size_t>(f)] / axes.frequencies_hz[0]);
    const double start = ripple.start(octaves);
    const double step = 2 * std::numbers::pi * ripple.rate_hz * axes.dt_ms / 1000;
    for (std::int64_t t = 0; t < frames; ++t) {
      level.data()[f * frames + t] +=
          ripple.amplitude * std::cos(start + step * static_cast<double>(t));
    }
  }
}

// Log-compressed spectrogram (F, T) of a sound: ripples and noise above a floor.
Array<float> spectrogram(const Axes& axes, std::int64_t frames, Random random) {
  const auto bands = static_cast<std::int64_t>(axes.frequencies_hz.size());
  Array<double> level({bands, frames});
  for (int i = 0; i < kRipples; ++i) add_ripple(level, axes, draw_ripple(random));
  const double memory = std::exp(-axes.dt_ms / kNoiseMs);
  Array<float> result({bands, frames});
  for (std::int64_t f = 0; f < bands; ++f) {
    double noise = random.normal();
    for (std::int64_t t = 0; t < frames; ++t) {
      const std::int64_t i = f * frames + t;
      noise = memory * noise + std::sqrt(1 - memory * memory) * random.normal();
      result.data()[i] =
          static_cast<float>(std::log(0.1 + std::exp(level.data()[i] + kNoiseShare * noise)));
    }
  }
  return result;
}

double bell(double distance, double width) {
  return std::exp(-0.5 * (distance / width) * (distance / width));
}

// Writes a kernel (F, L) to `strf`: excitation at the best frequency and latency, then weaker
// inhibition.
void fill_kernel(float* strf, const Axes& axes, std::int64_t lags, double best_frequency_hz,
                 double latency_ms, Random& random) {
  const double width_octaves = random.uniform(0.25, 0.5), width_ms = random.uniform(6, 9);
  const double flank_ms = latency_ms + random.uniform(3, 4) * width_ms;
  const double flank = random.uniform(0.4, 0.6);
  for (const double frequency_hz : axes.frequencies_hz) {
    const double octaves = std::log2(frequency_hz / best_frequency_hz);
    for (std::int64_t lag = 0; lag < lags; ++lag) {
      const double ms = static_cast<double>(lag) * axes.dt_ms;
      *strf++ = static_cast<float>(bell(octaves, width_octaves) * bell(ms - latency_ms, width_ms) -
                                   flank * bell(octaves, 1.4 * width_octaves) *
                                       bell(ms - flank_ms, 1.3 * width_ms));
    }
  }
}

Truth make_neurons(const SimulateOptions& options, const Axes& axes) {
  const auto lags = std::max<std::int64_t>(1, std::lround(kKernelMs / options.dt_ms));
  Truth truth;
  truth.strf = Array<float>({options.units, options.bands, lags});
  const double octaves = std::log2(axes.frequencies_hz.back() / axes.frequencies_hz.front());
  for (std::int64_t unit = 0; unit < options.units; ++unit) {
    Random random(options.seed, {kNeuron, static_cast<std::uint64_t>(unit)});
    // Best frequencies keep away from the ends of the range, so that every kernel fits into it.
    const double place = 0.15 + 0.7 * (static_cast<double>(unit) + random.uniform(0.2, 0.8)) /
                                    static_cast<double>(options.units);
    truth.best_frequency_hz.push_back(axes.frequencies_hz.front() * std::pow(2.0, place * octaves));
    truth.latency_ms.push_back(random.uniform(12, 40));
    fill_kernel(truth.strf.data() + unit * options.bands * lags, axes, lags,
                truth.best_frequency_hz.back(), truth.latency_ms.back(), random);
  }
  return truth;
}

// Response (T) of a kernel (F, L) to a standardised spectrogram (F, T), which is 0 before it
// starts.
std::vector<double> drive(const float* strf, std::int64_t lags, const Array<float>& x) {
  const std::int64_t frames = x.dim(1);
  std::vector<double> result(static_cast<std::size_t>(frames), 0.0);
  for (std::int64_t f = 0; f < x.dim(0); ++f) {
    for (std::int64_t lag = 0; lag < std::min(lags, frames); ++lag) {
      const double weight = strf[f * lags + lag];
      const float* band = x.data() + f * frames;
      for (std::int64_t t = lag; t < frames; ++t) {
        result[static_cast<std::size_t>(t)] += weight * band[t - lag];
      }
    }
  }
  return result;
}

// Turns drives into spikes per frame: division by their standard deviation, softplus, and scaling
// to the requested mean rate.
void to_rates(std::vector<std::vector<double>>& drives, double spikes_per_frame) {
  double squares = 0, n = 0, sum = 0;
  for (const auto& one : drives) {
    for (const double value : one) squares += value * value;
    n += static_cast<double>(one.size());
  }
  const double scale = squares > 0 ? kSharpness / std::sqrt(squares / n) : 0;
  for (auto& one : drives) {
    for (double& value : one) sum += value = std::log1p(std::exp(scale * value - 1));
  }
  for (auto& one : drives) {
    for (double& value : one) value *= spikes_per_frame * n / sum;
  }
}

void respond(Dataset& dataset, const std::vector<Array<float>>& heard, const Truth& truth,
             const SimulateOptions& options) {
  const std::int64_t lags = truth.strf.dim(2);
  for (std::int64_t unit = 0; unit < options.units; ++unit) {
    std::vector<std::vector<double>> rates;
    rates.reserve(heard.size());
    for (const Array<float>& x : heard) {
      rates.push_back(drive(truth.strf.data() + unit * options.bands * lags, lags, x));
    }
    to_rates(rates, options.rate_hz * options.dt_ms / 1000);
    for (std::size_t i = 0; i < rates.size(); ++i) {
      Random random(options.seed, {kSpikes, static_cast<std::uint64_t>(unit), i});
      Array<float>& responses = dataset.stimuli[i].responses;
      const std::int64_t frames = responses.dim(2);
      float* spikes = responses.data() + unit * options.trials * frames;
      for (std::int64_t trial = 0; trial < options.trials; ++trial) {
        for (const double rate : rates[i]) *spikes++ = static_cast<float>(random.poisson(rate));
      }
    }
  }
}

Axes axes_of(const SimulateOptions& options) {
  return {options.dt_ms,
          log_spaced(options.min_frequency_hz, options.max_frequency_hz, options.bands)};
}

// Random numbers of one sound; the first ones make its ripples.
Random sound_numbers(const SimulateOptions& options, std::int64_t sound) {
  return Random(options.seed, {kSound, static_cast<std::uint64_t>(sound)});
}

SplitName split_of(std::int64_t stimulus, std::int64_t stimuli) {
  const std::int64_t held = std::lround(0.15 * static_cast<double>(stimuli));
  const std::int64_t each = stimuli >= 3 ? std::max<std::int64_t>(1, held) : held;
  if (stimulus >= stimuli - each) return SplitName::test;
  return stimulus >= stimuli - 2 * each ? SplitName::valid : SplitName::train;
}

}  // namespace

Simulation simulate(const SimulateOptions& options) {
  check(options);
  const Axes axes = axes_of(options);
  const auto frames = static_cast<std::int64_t>(options.seconds * 1000 / options.dt_ms + 1e-9);
  std::vector<Array<float>> spectrograms;
  for (std::int64_t i = 0; i < options.stimuli; ++i) {
    spectrograms.push_back(spectrogram(axes, frames, sound_numbers(options, i)));
  }
  return simulate(options, std::move(spectrograms));
}

Simulation simulate(const SimulateOptions& options, std::vector<Array<float>> spectrograms) {
  check(options);
  if (static_cast<std::int64_t>(spectrograms.size()) != options.stimuli) {
    throw ConfigError("simulate", "expected a spectrogram for each of the stimuli");
  }
  Simulation simulation;
  Dataset& dataset = simulation.dataset;
  dataset.name = "simulated";
  dataset.axes = axes_of(options);
  for (std::int64_t unit = 0; unit < options.units; ++unit) {
    dataset.unit_ids.push_back(numbered("unit_", unit + 1, options.units));
    dataset.file_units.push_back(FileUnit{unit});
  }
  dataset.all_unit_ids = dataset.unit_ids;
  dataset.counts = true;

  const auto keys = simulated_sound_keys(options);
  std::vector<std::size_t> every;
  for (std::int64_t i = 0; i < options.stimuli; ++i) {
    Stimulus stimulus;
    stimulus.key = keys[static_cast<std::size_t>(i)];
    stimulus.split = split_of(i, options.stimuli);
    stimulus.spectrogram = std::move(spectrograms[static_cast<std::size_t>(i)]);
    stimulus.responses = Array<float>({options.units, options.trials, stimulus.frames()});
    dataset.stimuli.push_back(std::move(stimulus));
    every.push_back(static_cast<std::size_t>(i));
  }

  simulation.truth = make_neurons(options, dataset.axes);
  const Standardisation scale = standardisation(dataset, every, Standardise::overall);
  std::vector<Array<float>> heard;
  for (const Stimulus& stimulus : dataset.stimuli) {
    heard.push_back(stimulus.spectrogram);
    scale.apply(heard.back());
  }
  respond(dataset, heard, simulation.truth, options);
  return simulation;
}

std::vector<std::string> simulated_sound_keys(const SimulateOptions& options) {
  check(options);
  std::vector<std::string> keys;
  for (std::int64_t i = 0; i < options.stimuli; ++i) {
    keys.push_back(numbered("sound_", i + 1, options.stimuli));
  }
  return keys;
}

double Ripple::start(double octaves) const {
  return phase + 2 * std::numbers::pi * cycles_per_octave * octaves;
}

std::vector<Ripple> sound_ripples(const SimulateOptions& options, std::int64_t sound) {
  Random random = sound_numbers(options, sound);
  std::vector<Ripple> ripples;
  for (int i = 0; i < kRipples; ++i) ripples.push_back(draw_ripple(random));
  return ripples;
}

}  // namespace strffit
