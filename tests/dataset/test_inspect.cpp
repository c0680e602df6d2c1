#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dataset/inspect.hpp"
#include "dataset/simulate.hpp"
#include "support/near.hpp"
#include "support/vector_path.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

using test::near;

const std::string kOddFile = test::vector_path("files/odd_dataset.h5");

TEST_CASE("inspect: seconds, trials, rates and gaps, by hand from make_files.py") {
  const DatasetSummary summary = summarise(read_dataset(kOddFile));
  CHECK(summary.seconds == near((5 + 6 + 1 + 6) * 0.002, 1e-12));
  REQUIRE(summary.stimuli.size() == 4);
  const StimulusSummary& b = summary.stimuli[1];
  CHECK(b.key == "b");
  CHECK(b.name == "second");
  CHECK(b.category == "speech");
  CHECK(b.split == SplitName::train);
  CHECK(b.frames == 6);
  CHECK(b.trials == 2);
  CHECK(b.missing == near((12 + 6 + 2) / 48.0, 1e-12));
  const StimulusSummary& c9 = summary.stimuli[3];
  CHECK(c9.response_per_second == near((150 + 2.5) / 0.002, 1e-12));

  REQUIRE(summary.units.size() == 4);
  const UnitSummary& second = summary.units[1];  // id 0-1: missing in b
  CHECK(second.id == "0-1");
  CHECK(second.stimuli == 3);
  CHECK(second.trials_fewest == 1);
  CHECK(second.trials_most == 3);
  CHECK(second.missing == near(12.0 / 34, 1e-12));
  CHECK_FALSE(second.constant);
  const UnitSummary& third = summary.units[2];  // one trial missing in b
  CHECK(third.stimuli == 4);
  CHECK(third.trials_fewest == 1);
  CHECK(third.trials_most == 3);
}

TEST_CASE("inspect: silent and absent units") {
  Dataset dataset;
  dataset.axes = {10, {1000}};
  dataset.unit_ids = {"silent", "absent"};
  Stimulus stimulus;
  stimulus.spectrogram = Array<float>({1, 2});
  stimulus.responses =
      Array<float>({2, 1, 2}, std::vector<float>{0, 0, std::nanf(""), std::nanf("")});
  dataset.stimuli = {stimulus};
  const DatasetSummary summary = summarise(dataset);
  CHECK(summary.units[0].constant);
  CHECK(summary.units[0].response_per_second == 0);
  CHECK_FALSE(summary.units[1].constant);
  CHECK(std::isnan(summary.units[1].response_per_second));
  CHECK(summary.units[1].missing == 1);
  CHECK(summary.units[1].stimuli == 0);
}

TEST_CASE("inspect: the same spectrogram on two sides of a split is a leak") {
  const Dataset dataset = read_dataset(kOddFile);
  const DatasetSummary summary = summarise(dataset);
  REQUIRE(summary.leaks.size() == 1);
  CHECK(dataset.stimuli[summary.leaks[0].first].key == "b");
  CHECK(dataset.stimuli[summary.leaks[0].second].key == "c9");

  Partition partition;
  partition.train = {0, 1, 3};
  partition.test = {2};
  CHECK(find_leaks(dataset, {partition}).empty());
  partition.train = {0, 3};
  partition.unused = {1};
  CHECK(find_leaks(dataset, {partition}).empty());
  partition.unused = {};
  partition.valid = {1};
  CHECK(find_leaks(dataset, {partition}).size() == 1);
}

// A simulated recording, small enough for a test.
Dataset simulated(std::uint64_t seed = 0, std::int64_t units = 3) {
  SimulateOptions options;
  options.units = units;
  options.stimuli = 6;
  options.seconds = 2;
  options.bands = 12;
  options.trials = 5;
  options.seed = seed;
  return simulate(options).dataset;
}

// The responses later by that many frames.
Dataset delayed(Dataset dataset, std::int64_t frames) {
  for (auto& stimulus : dataset.stimuli) {
    auto& values = stimulus.responses.values;
    const auto T = static_cast<std::size_t>(stimulus.frames());
    for (std::size_t first = 0; first < values.size(); first += T) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
      const auto shift = (frames % stimulus.frames() + stimulus.frames()) % stimulus.frames();
      std::rotate(begin, begin + static_cast<std::ptrdiff_t>(T) - shift,
                  begin + static_cast<std::ptrdiff_t>(T));
    }
  }
  return dataset;
}

std::string only_warning(const Dataset& dataset) {
  const auto warnings = doubts_about(dataset).warnings;
  return warnings.size() == 1 ? warnings.front() : std::to_string(warnings.size()) + " warnings";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("doubts: sound data raise none, and their lag is the neurons' latency") {
  for (const std::uint64_t seed : {0, 1, 2}) {
    const Doubts doubts = doubts_about(simulated(seed));
    CHECK(doubts.warnings.empty());
    CHECK(doubts.following.clear);
    CHECK(doubts.following.lag_ms >= 5);
    CHECK(doubts.following.lag_ms <= 45);  // simulated latencies are 12 to 40 ms
  }
}

TEST_CASE("doubts: kHz for Hz, seconds for ms and the other way round") {
  Dataset dataset = simulated();
  for (double& hz : dataset.axes.frequencies_hz) hz /= 1000;
  CHECK(has(only_warning(dataset), "the highest band is at 20 Hz"));
  dataset = simulated();
  dataset.axes.dt_ms = 0.005;
  bool told = false;
  for (const auto& warning : doubts_about(dataset).warnings) {
    told = told || has(warning, "a frame lasts 0.005 ms");
  }
  CHECK(told);
  dataset.axes.dt_ms = 5000;
  CHECK(has(only_warning(dataset), "a frame lasts 5e+03 ms"));
}

TEST_CASE("doubts: all spikes in one frame, and rates where counts are expected") {
  Dataset dataset = simulated();
  for (auto& stimulus : dataset.stimuli) {
    auto& values = stimulus.responses.values;
    const auto T = static_cast<std::size_t>(stimulus.frames());
    for (std::size_t first = 0; first < values.size(); first += T) {
      float spikes = 0;
      for (std::size_t t = 0; t < T; ++t) spikes += std::exchange(values[first + t], 0.0F);
      values[first] = spikes;
    }
  }
  CHECK(has(only_warning(dataset), "100 % of the spikes are in frame 0 of their stimuli"));
  dataset.counts = false;  // the same numbers are no spikes
  CHECK(doubts_about(dataset).warnings.empty());

  dataset = simulated();
  for (auto& stimulus : dataset.stimuli) {
    for (float& value : stimulus.responses.values) value *= 200;
  }
  CHECK(has(only_warning(dataset), "spikes/s: the responses are probably rates"));
  // Potentials have no rate.
  dataset.counts = false;
  for (auto& stimulus : dataset.stimuli) {
    for (float& value : stimulus.responses.values) value = 17 - value;
  }
  CHECK(doubts_about(dataset).warnings.empty());
}

TEST_CASE("doubts: linear amplitudes, not their logarithm, nor sparse or two-valued sounds") {
  Dataset dataset = simulated();
  const auto with = [&](auto change) {
    Dataset changed = dataset;
    for (auto& stimulus : changed.stimuli) {
      for (float& value : stimulus.spectrogram.values) value = change(value);
    }
    return doubts_about(changed);
  };
  const auto linear = with([](float x) { return std::exp(2 * x); });
  REQUIRE(!linear.warnings.empty());
  CHECK(has(linear.warnings.front(), "skewness"));
  CHECK(linear.skewness > 5);
  CHECK(with([](float x) { return std::log1p(std::exp(2 * x)); }).warnings.empty());
  CHECK(with([](float x) { return x > 2 ? 1.0F : 0.0F; }).warnings.empty());
  CHECK(with([](float x) { return std::max(0.0F, x - 1.5F); }).warnings.empty());
}

TEST_CASE("doubts: responses that begin before the sound, though most follow") {
  // Reference: white noise x and r(t) = x(t - 4) + 0.7 x(t - 2), so that the squared correlation at
  // 2 frames is 0.49 of that at 4; nothing lies between.
  Dataset dataset;
  dataset.axes = {5, {1000, 2000}};
  dataset.unit_ids = {"n"};
  Random random(7);
  for (int s = 0; s < 3; ++s) {
    constexpr std::int64_t kFrames = 600;
    Stimulus stimulus;
    stimulus.key = std::to_string(s);
    stimulus.spectrogram = Array<float>({2, kFrames});
    for (float& value : stimulus.spectrogram.values) {
      value = static_cast<float>(random.uniform(-1, 1));
    }
    stimulus.responses = Array<float>({1, 1, kFrames});
    const auto at = [&](std::int64_t t) {
      return t < 0 ? 0.0F
                   : stimulus.spectrogram.values[static_cast<std::size_t>(t)] +
                         stimulus.spectrogram.values[static_cast<std::size_t>(kFrames + t)];
    };
    for (std::int64_t t = 0; t < kFrames; ++t) {
      stimulus.responses.values[static_cast<std::size_t>(t)] = at(t - 4) + 0.7F * at(t - 2);
    }
    dataset.stimuli.push_back(std::move(stimulus));
  }
  const Following whole = doubts_about(dataset).following;
  CHECK(whole.lag_ms == 20);
  CHECK(whole.begins_ms == 10);
  CHECK(doubts_about(delayed(dataset, -2)).warnings.empty());
  const std::string early = only_warning(delayed(dataset, -4));
  CHECK(has(early, "the responses begin 10 ms before the sound, though most come 0 ms after it"));
  CHECK(has(only_warning(delayed(dataset, -6)), "the responses lead the sound by 10 ms"));
}

TEST_CASE("doubts: responses before the sound, or long after it") {
  const Dataset dataset = simulated();
  for (const std::int64_t frames : {-30, -15, 40, 50}) {
    CAPTURE(frames);
    const Dataset moved = delayed(dataset, frames);
    const Doubts doubts = doubts_about(moved);
    const double expected =
        doubts_about(dataset).following.lag_ms + 5 * static_cast<double>(frames);
    // Units' latencies lie up to 28 ms apart, and another may count most where the ends differ.
    CHECK(doubts.following.lag_ms == near(expected, 30, 30));
    CHECK_FALSE(doubts.following.possible);
    CHECK(has(only_warning(moved), frames < 0 ? "the responses lead the sound by "
                                              : "the responses follow the sound by "));
    CHECK(has(only_warning(moved), "onsets or delay_ms are wrong"));
  }
  CHECK(doubts_about(delayed(dataset, 8)).warnings.empty());
  // Slow signals may come late, but not early.
  Dataset slow = delayed(dataset, 40);
  slow.counts = false;
  CHECK(doubts_about(slow).warnings.empty());
  slow = delayed(dataset, -30);
  slow.counts = false;
  CHECK(doubts_about(slow).warnings.size() == 1);
  // So do units that sounds silence.
  Dataset silenced = delayed(dataset, -30);
  silenced.counts = false;
  for (auto& stimulus : silenced.stimuli) {
    for (float& value : stimulus.responses.values) value = 9 - value;
  }
  CHECK(doubts_about(silenced).warnings.size() == 1);
}

TEST_CASE("doubts: responses to nothing have no lag, missing ones and no units do no harm") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Dataset noise = simulated(seed, 1 + static_cast<std::int64_t>(seed % 3));
    Random random(seed);
    for (auto& stimulus : noise.stimuli) {
      for (float& value : stimulus.responses.values) {
        value = static_cast<float>(random.poisson(0.2));
      }
    }
    const Doubts doubts = doubts_about(noise);
    CHECK(doubts.warnings.empty());
    CHECK_FALSE(doubts.following.clear);
  }
  Dataset gaps = simulated();
  for (auto& stimulus : gaps.stimuli) {
    auto& values = stimulus.responses.values;
    std::fill_n(values.begin(), values.size() / 3, std::nanf(""));  // a whole unit
    std::fill_n(values.end() - 30, 30, std::nanf(""));              // frames
  }
  CHECK(doubts_about(gaps).warnings.empty());
  CHECK(doubts_about(gaps).following.clear);
  gaps.unit_ids.clear();
  for (auto& stimulus : gaps.stimuli) stimulus.responses = Array<float>({0, 0, stimulus.frames()});
  CHECK(doubts_about(gaps).warnings.empty());
  CHECK(std::isnan(doubts_about(gaps).following.lag_ms));
}

TEST_CASE("repeats: equal spectrograms are found wherever they lie, in a split or not") {
  Dataset dataset = simulated();
  for (auto& stimulus : dataset.stimuli) stimulus.split.reset();
  CHECK(summarise(dataset).repeats.empty());
  dataset.stimuli[4].spectrogram = dataset.stimuli[1].spectrogram;
  dataset.stimuli[5].spectrogram = dataset.stimuli[1].spectrogram;
  dataset.stimuli[3].spectrogram = dataset.stimuli[0].spectrogram;
  dataset.stimuli[3].spectrogram.values[0] += 1;
  CHECK(summarise(dataset).repeats == Repeats{{1, 4, 5}});
  CHECK(summarise(dataset).leaks.empty());
  // 0 and -0 are the same.
  dataset.stimuli[3].spectrogram = dataset.stimuli[0].spectrogram;
  dataset.stimuli[0].spectrogram.values[0] = 0.0F;
  dataset.stimuli[3].spectrogram.values[0] = -0.0F;
  CHECK(summarise(dataset).repeats == Repeats{{0, 3}, {1, 4, 5}});
  dataset.stimuli[1].split = SplitName::train;
  dataset.stimuli[4].split = SplitName::test;
  const auto leaks = summarise(dataset).leaks;
  REQUIRE(leaks.size() == 1);
  CHECK(leaks[0] == Leak{1, 4});
}

}  // namespace
}  // namespace strffit
