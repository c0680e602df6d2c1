#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "dataset/inspect.hpp"
#include "dataset/simulate.hpp"
#include "files/reader.hpp"
#include "support/near.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ++n, sa += a[i], sb += b[i], saa += a[i] * a[i], sbb += b[i] * b[i], sab += a[i] * b[i];
  }
  return (sab - sa * sb / n) / std::sqrt((saa - sa * sa / n) * (sbb - sb * sb / n));
}

TEST_CASE("simulation: shapes, splits, names and rate as asked for") {
  SimulateOptions options;
  options.units = 12;
  options.stimuli = 20;
  options.seconds = 1;
  options.bands = 7;
  options.trials = 3;
  options.rate_hz = 30;
  const Simulation simulation = simulate(options);
  const Dataset& dataset = simulation.dataset;
  CHECK(dataset.unit_ids.front() == "unit_01");
  CHECK(dataset.unit_ids.back() == "unit_12");
  CHECK(dataset.axes.frequencies_hz.front() == 500);
  CHECK(dataset.axes.frequencies_hz.back() == test::near(20000, 1e-12));
  REQUIRE(dataset.stimuli.size() == 20);
  CHECK(dataset.stimuli[4].spectrogram.shape == Shape{7, 200});
  CHECK(dataset.stimuli[4].responses.shape == Shape{12, 3, 200});
  CHECK(simulation.truth.strf.shape == Shape{12, 7, 20});
  int splits[3] = {0, 0, 0};
  for (const Stimulus& stimulus : dataset.stimuli) ++splits[static_cast<int>(*stimulus.split)];
  CHECK(splits[0] == 14);
  CHECK(splits[1] == 3);
  CHECK(splits[2] == 3);
  const DatasetSummary summary = summarise(dataset);
  CHECK(summary.leaks.empty());
  // 1800 spikes a unit are expected: 5 standard deviations of a Poisson count are 12 %.
  for (const UnitSummary& unit : summary.units) {
    CHECK(unit.response_per_second == test::near(30, 0.12));
  }
}

TEST_CASE(
    "simulation: the same for the same seed, another for another; more units, the same sounds") {
  SimulateOptions options;
  options.units = 2;
  options.stimuli = 2;
  options.seconds = 0.5;
  const Simulation first = simulate(options), again = simulate(options);
  CHECK(first.dataset.stimuli[1].responses.values == again.dataset.stimuli[1].responses.values);
  CHECK(first.dataset.stimuli[1].spectrogram.values == again.dataset.stimuli[1].spectrogram.values);
  CHECK(first.dataset.stimuli[0].spectrogram.values != first.dataset.stimuli[1].spectrogram.values);
  options.units = 3;
  const Simulation more = simulate(options);
  CHECK(more.dataset.stimuli[1].spectrogram.values == first.dataset.stimuli[1].spectrogram.values);
  options.seed = 1;
  const Simulation other = simulate(options);
  CHECK(other.dataset.stimuli[1].spectrogram.values != more.dataset.stimuli[1].spectrogram.values);
}

TEST_CASE("simulation: a kernel peaks at its best frequency and latency") {
  const Simulation simulation = simulate({});
  const Truth& truth = simulation.truth;
  const std::int64_t bands = truth.strf.dim(1), lags = truth.strf.dim(2);
  const std::vector<double>& frequencies = simulation.dataset.axes.frequencies_hz;
  const double band_octaves = std::log2(frequencies[1] / frequencies[0]);
  for (std::size_t unit = 0; unit < truth.latency_ms.size(); ++unit) {
    std::int64_t best = 0;
    const float* kernel = truth.strf.data() + static_cast<std::int64_t>(unit) * bands * lags;
    for (std::int64_t i = 0; i < bands * lags; ++i) {
      if (std::abs(kernel[i]) > std::abs(kernel[best])) best = i;
    }
    const double frequency = frequencies[static_cast<std::size_t>(best / lags)];
    // The nearest sample is half a band or frame away at most; the flank pulls by less than
    // another.
    CHECK(std::abs(std::log2(frequency / truth.best_frequency_hz[unit])) < band_octaves);
    CHECK(std::abs(static_cast<double>(best % lags) * 5 - truth.latency_ms[unit]) < 5);
    CHECK(kernel[best] > 0);
  }
}

TEST_CASE("simulation: a neuron follows its kernel, and lag 0 is the current frame") {
  SimulateOptions options;
  options.units = 3;
  options.stimuli = 4;
  const Simulation simulation = simulate(options);
  const std::int64_t bands = options.bands, lags = simulation.truth.strf.dim(2);
  for (std::int64_t unit = 0; unit < options.units; ++unit) {
    const float* kernel = simulation.truth.strf.data() + unit * bands * lags;
    // Correlation of the response with the kernel applied to the sound as it was, or too late.
    const auto drive_correlation = [&](std::int64_t delay) {
      std::vector<double> drive, response;
      for (const Stimulus& stimulus : simulation.dataset.stimuli) {
        const std::int64_t frames = stimulus.frames();
        for (std::int64_t t = lags + delay; t < frames; ++t) {
          double sum = 0, spikes = 0;
          for (std::int64_t f = 0; f < bands; ++f) {
            for (std::int64_t lag = 0; lag < lags; ++lag) {
              sum += kernel[f * lags + lag] *
                     stimulus.spectrogram
                         .values[static_cast<std::size_t>(f * frames + t - lag - delay)];
            }
          }
          for (std::int64_t r = 0; r < options.trials; ++r) {
            spikes +=
                stimulus.responses
                    .values[static_cast<std::size_t>((unit * options.trials + r) * frames + t)];
          }
          drive.push_back(sum);
          response.push_back(spikes);
        }
      }
      return correlation(drive, response);
    };
    const double now = drive_correlation(0);
    CHECK(now > 0.6);  // Poisson noise and the softplus take the rest
    CHECK(now > drive_correlation(1));
  }
}

TEST_CASE("simulation: written, a dataset like any other, with the truth beside it") {
  const test::TemporaryFolder folder;
  SimulateOptions options;
  options.units = 2;
  options.stimuli = 3;
  options.seconds = 0.3;
  const Simulation simulation = simulate(options);
  write_dataset(folder.file("sim.h5"), simulation.dataset, &simulation.truth);
  const Dataset dataset = read_dataset(folder.file("sim.h5"));
  CHECK(dataset.counts);
  CHECK(dataset.stimuli[2].split == SplitName::test);
  CHECK(dataset.stimuli[2].responses.values == simulation.dataset.stimuli[2].responses.values);
  const files::Reader reader(folder.file("sim.h5"), {"strffit-dataset"});
  CHECK(reader.floats("/truth/strf", {{2, 32, 20}}).values == simulation.truth.strf.values);
  CHECK(reader.doubles("/truth/best_frequency_hz").values == simulation.truth.best_frequency_hz);
  CHECK(reader.doubles("/truth/latency_ms").values == simulation.truth.latency_ms);
}

TEST_CASE("simulation: the smallest one, and what is refused") {
  SimulateOptions smallest;
  smallest.units = smallest.stimuli = smallest.bands = smallest.trials = 1;
  smallest.seconds = 0.01;
  CHECK(simulate(smallest).dataset.stimuli[0].responses.shape == Shape{1, 1, 2});

  const std::function<void(SimulateOptions&)> mistakes[] = {
      [](SimulateOptions& o) { o.units = 0; },
      [](SimulateOptions& o) { o.stimuli = -1; },
      [](SimulateOptions& o) { o.bands = 0; },
      [](SimulateOptions& o) { o.trials = 0; },
      [](SimulateOptions& o) { o.dt_ms = 0; },
      [](SimulateOptions& o) { o.dt_ms = std::nan(""); },
      [](SimulateOptions& o) { o.seconds = 0.001; },
      [](SimulateOptions& o) { o.seconds = 1e300; },
      [](SimulateOptions& o) { o.seconds = std::numeric_limits<double>::infinity(); },
      [](SimulateOptions& o) { o.seconds = 1e306, o.dt_ms = 1e308; },
      [](SimulateOptions& o) { o.dt_ms = 1e-300; },
      [](SimulateOptions& o) { o.min_frequency_hz = 0; },
      [](SimulateOptions& o) { o.max_frequency_hz = 100; },
      [](SimulateOptions& o) { o.rate_hz = 0; },
      [](SimulateOptions& o) { o.rate_hz = 1e6; },
      [](SimulateOptions& o) { o.units = 1000000000; },
      [](SimulateOptions& o) { o.bands = o.stimuli = 1, o.seconds = 0.005; },
  };
  for (const auto& make : mistakes) {
    SimulateOptions options;
    make(options);
    CHECK_THROWS_AS(simulate(options), ConfigError);
  }
}

}  // namespace
}  // namespace strffit
