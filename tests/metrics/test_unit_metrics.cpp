#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "metrics/score_target.hpp"
#include "metrics/statistics.hpp"
#include "metrics/unit_metrics.hpp"
#include "support/near.hpp"
#include "support/vector_file.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

using test::near;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A stimulus of some trials of one unit, and a prediction for it.
struct Recording {
  std::vector<std::vector<float>> trials;
  std::vector<float> prediction;
};

UnitMetrics metrics_of(const std::vector<Recording>& recordings, bool smoothed = false) {
  std::vector<std::vector<float>> joined(recordings.size());
  std::vector<Trials> stimuli;
  std::vector<std::span<const float>> predictions;
  for (std::size_t s = 0; s < recordings.size(); ++s) {
    for (const auto& trial : recordings[s].trials) {
      joined[s].insert(joined[s].end(), trial.begin(), trial.end());
    }
    stimuli.push_back({joined[s].data(), static_cast<std::int64_t>(recordings[s].trials.size()),
                       static_cast<std::int64_t>(recordings[s].prediction.size())});
    predictions.emplace_back(recordings[s].prediction);
  }
  return unit_metrics(stimuli, predictions, smoothed);
}

// models.md, "Smoothing": a centred Hann window over the frames that are there.
void smooth(float* trial, std::int64_t frames, double smooth_ms, double dt_ms) {
  const auto half = static_cast<std::int64_t>(smooth_ms / (2 * dt_ms));
  const std::vector<float> before(trial, trial + frames);
  for (std::int64_t t = 0; t < frames; ++t) {
    if (std::isnan(trial[t])) continue;
    double total = 0;
    double weights = 0;
    for (std::int64_t j = -half; j <= half; ++j) {
      if (t + j < 0 || t + j >= frames) continue;
      const float value = before[static_cast<std::size_t>(t + j)];
      if (std::isnan(value)) continue;
      const double angle = std::numbers::pi * static_cast<double>(j) / static_cast<double>(half);
      total += (0.5 + 0.5 * std::cos(angle)) * static_cast<double>(value);
      weights += 0.5 + 0.5 * std::cos(angle);
    }
    trial[t] = static_cast<float>(total / weights);
  }
}

// One population of tests/vectors/metrics.h5.
struct Population {
  std::vector<Array<float>> responses;    // (N, R, T) each
  std::vector<Array<float>> predictions;  // (N, T) each
  bool smoothed = false;

  Population(const test::VectorFile& file, const std::string& name) {
    for (const std::string& key : file.children(name + "/responses")) {
      responses.push_back(file.floats(name + "/responses/" + key));
      predictions.push_back(file.floats(name + "/predictions/" + key));
    }
    smoothed = file.has_attribute(name, "smooth_ms");
    if (!smoothed) return;
    for (Array<float>& array : responses) {
      for (std::int64_t start = 0; start < array.size(); start += array.dim(2)) {
        smooth(array.data() + start, array.dim(2), file.number_attribute(name, "smooth_ms"),
               file.number_attribute(name, "dt_ms"));
      }
    }
  }

  std::vector<Trials> stimuli(std::int64_t unit) const {
    std::vector<Trials> found;
    for (const Array<float>& array : responses) {
      found.push_back(
          {array.data() + unit * array.dim(1) * array.dim(2), array.dim(1), array.dim(2)});
    }
    return found;
  }

  std::vector<std::span<const float>> prediction(std::int64_t unit) const {
    std::vector<std::span<const float>> found;
    for (const Array<float>& array : predictions) {
      found.emplace_back(array.data() + unit * array.dim(1),
                         static_cast<std::size_t>(array.dim(1)));
    }
    return found;
  }
};

}  // namespace

TEST_CASE("metrics: every unit of the reference vectors") {
  // Reference: the float64 implementation that models.md names. Tolerance: both compute in double;
  // smoothed trials pass through float32 here (6e-8), and powers take differences of variances.
  const test::VectorFile file("metrics.h5");
  int compared = 0;
  for (const std::string& name : file.children("/")) {
    const Population population(file, name);
    const double tolerance = population.smoothed ? 3e-6 : 1e-10;
    REQUIRE(file.children(name + "/expected").size() == kUnitMetrics.size());
    std::vector<UnitMetrics> found;
    for (std::int64_t unit = 0; unit < population.responses.front().dim(0); ++unit) {
      found.push_back(
          unit_metrics(population.stimuli(unit), population.prediction(unit), population.smoothed));
    }
    for (const UnitMetricName& metric : kUnitMetrics) {
      const std::string path = name + "/expected/" + std::string(metric.name);
      const Array<double> expected = file.doubles(path);
      REQUIRE(expected.values.size() == found.size());
      for (std::size_t unit = 0; unit < found.size(); ++unit) {
        CAPTURE(path);
        CAPTURE(unit);
        CHECK(found[unit].*metric.value == near(expected.values[unit], tolerance, 1e-12));
        ++compared;
      }
    }
  }
  CHECK(compared == (18 + 18 + 18 + 4) * 11);
}

// By hand: N trials with one spike in all have var(mean) = var / N^2 and the mean variance var / N,
// so SP = (N var / N^2 - var / N) / (N - 1) = 0, whatever the rounding of the three.
TEST_CASE("metrics: a single spike among all trials is no signal") {
  for (std::size_t trials = 2; trials <= 12; ++trials) {
    for (std::size_t frames = 5; frames < 200; frames += 13) {
      std::vector<std::vector<float>> responses(trials, std::vector<float>(frames, 0));
      responses[trials / 2][frames / 3] = 1;
      std::vector<float> prediction(frames, 0);
      prediction[frames / 3] = 0.5F;
      const UnitMetrics m = metrics_of({{responses, prediction}});
      CHECK(m.signal_power == 0);
      CHECK(std::isnan(m.cc_norm));
      CHECK(std::isnan(m.spe));
      CHECK(m.cc == near(1, 1e-9));
    }
  }
}

TEST_CASE("metrics: closed forms for two stimuli without gaps") {
  // Trial means are {1, 3}, {2, 2, 5} and the prediction {2, 3}, {2, 4, 4}; all by hand.
  const UnitMetrics m =
      metrics_of({{{{0, 2}, {2, 4}}, {2, 3}}, {{{2, 1, 6}, {2, 3, 4}}, {2, 4, 4}}});
  // y = 1 3 2 2 5 (mean 2.6, squares about it 9.2), r = 2 3 2 4 4 (mean 3, squares 4, product 4).
  CHECK(m.cc == near(4 / std::sqrt(9.2 * 4), 1e-12));
  CHECK(m.mse == near(6 / 5.0, 1e-12));
  CHECK(m.fve == near(1 - 6 / 9.2, 1e-12));
  // First stimulus: TP 2, var(y) 2, SP 2, NP 0. Second: variances 7 and 1, TP 4,
  // var(y) 3, SP 2, NP 2. Weighted by 2 and 3 frames.
  CHECK(m.signal_power == near(2, 1e-12));
  CHECK(m.noise_power == near(6 / 5.0, 1e-12));
  CHECK(m.snr == near(10 / 6.0, 1e-12));
  // var(y) = 2.3; y - r = -1 0 0 -2 1, mean -0.4, squares about it 5.2.
  CHECK(m.spe == near((2.3 - 1.3) / 2, 1e-12));
  CHECK(m.cc_norm == near(1 / std::sqrt(1 * 2.0), 1e-12));
  // Halves are the trials: rho 1, and 2 / sqrt(7 * 1).
  const double rho = 2 / std::sqrt(7.0);
  const double cc_max = (2 * 1 + 3 * std::sqrt(2 * rho / (1 + rho))) / 5;
  CHECK(m.cc_max == near(cc_max, 1e-12));
  CHECK(m.cc_norm_hsu == near(m.cc / cc_max, 1e-12));
  // 26 spikes in 10 frames of trials: mean rate 2.6; the prediction expects 30.
  const double gain = 2 * std::log(2 / 2.6) + 6 * std::log(3 / 2.6) + 4 * std::log(2 / 2.6) +
                      4 * std::log(4 / 2.6) + 10 * std::log(4 / 2.6) - (30 - 26);
  CHECK(m.bits_per_spike == near(gain / std::numbers::ln2 / 26, 1e-12));
}

TEST_CASE("metrics: a perfect prediction of trials that all agree") {
  const std::vector<float> y = {0, 3, 1, 0, 2};
  const UnitMetrics m = metrics_of({{{y, y, y, y}, y}});
  CHECK(m.cc == near(1, 1e-12));
  CHECK(m.mse == 0);
  CHECK(m.fve == 1);
  CHECK(m.spe == near(1, 1e-12));
  CHECK(m.cc_norm == near(1, 1e-12));
  CHECK(m.cc_max == near(1, 1e-12));
  CHECK(m.cc_norm_hsu == near(1, 1e-12));
  CHECK(m.noise_power == near(0, 0, 1e-12));
}

TEST_CASE("metrics: the error of cc_max is its spread over halves, of independent stimuli") {
  // Reference: each split of four trials by hand, and means over stimuli weighted by their frames.
  const auto recording = [](int frames, int seed) {
    Recording one;
    one.prediction.assign(static_cast<std::size_t>(frames), 0.0F);
    for (int trial = 0; trial < 4; ++trial) {
      auto& values = one.trials.emplace_back();
      for (int t = 0; t < frames; ++t) {
        one.prediction[static_cast<std::size_t>(t)] = static_cast<float>(t % 5);
        values.push_back(static_cast<float>(t % 5 + (seed + t * (trial + 2) * 7) % 4));
      }
    }
    return one;
  };
  const std::vector<Recording> recordings = {recording(40, 1), recording(60, 2)};
  double squares = 0;
  for (const auto& one : recordings) {
    const auto frames = one.prediction.size();
    std::vector<double> ceilings;
    for (std::size_t with = 1; with < 4; ++with) {
      std::vector<double> a(frames), b(frames);
      for (std::size_t trial = 0; trial < 4; ++trial) {
        auto& half = trial == 0 || trial == with ? a : b;
        for (std::size_t t = 0; t < frames; ++t) half[t] += one.trials[trial][t];
      }
      const double rho = pearson(std::span<const double>(a), std::span<const double>(b));
      ceilings.push_back(std::sqrt(2 * rho / (1 + rho)));
    }
    const double mean = (ceilings[0] + ceilings[1] + ceilings[2]) / 3;
    double variance = 0;
    for (const double ceiling : ceilings) variance += (ceiling - mean) * (ceiling - mean) / 2;
    squares += variance * static_cast<double>(frames * frames);
  }
  const auto m = metrics_of(recordings);
  CHECK(m.cc_max_error == near(std::sqrt(squares) / 100, 1e-9));
  CHECK(m.at_ceiling() == (m.cc >= m.cc_max - 2 * m.cc_max_error));
  CHECK_FALSE(UnitMetrics{}.at_ceiling());
  const auto two = metrics_of({{{{0, 1, 2, 1}, {0, 2, 2, 1}}, {0, 1, 2, 3}}});
  CHECK(std::isfinite(two.cc_max));
  CHECK(std::isnan(two.cc_max_error));  // two trials have one pair of halves
}

TEST_CASE("metrics: splits with a constant half are left out of cc_max") {
  // Halves {0, 1} and {2, 3}: the first is constant. The two other splits correlate trial 2 with 3.
  const std::vector<float> flat = {2, 2, 2, 2};
  const UnitMetrics m = metrics_of({{{flat, flat, {0, 1, 2, 3}, {3, 0, 1, 5}}, {0, 1, 2, 4}}});
  const double rho = 3.5 / std::sqrt(5 * 14.75);
  CHECK(m.cc_max == near(std::sqrt(2 * rho / (1 + rho)), 1e-12));
}

TEST_CASE("metrics: an offset changes no correlation, unless all is constant beside it") {
  const std::vector<std::vector<float>> trials = {{0, 3, 1, 5, 2}, {1, 2, 0, 6, 1},
                                                  {0, 2, 2, 3, 0}, {2, 3, 1, 4, 4},
                                                  {1, 1, 0, 5, 1}, {0, 4, 0, 6, 3}};
  const std::vector<float> prediction = {0, 2, 1, 4, 2};
  const auto shifted_by = [&](float offset) {
    Recording recording{trials, prediction};
    for (auto& trial : recording.trials) {
      for (float& value : trial) value += offset;
    }
    return metrics_of({recording});
  };
  const UnitMetrics m = shifted_by(0);
  const UnitMetrics far = shifted_by(0x1p18F);
  CHECK(far.cc == near(m.cc, 1e-9));
  CHECK(far.cc_norm == near(m.cc_norm, 1e-9));
  CHECK(far.cc_max == near(m.cc_max, 1e-9));
  CHECK(far.signal_power == near(m.signal_power, 1e-9));
  const UnitMetrics farther = shifted_by(0x1p23F);  // a range of 6 is below 1e-6 of 2^23
  CHECK(std::isnan(farther.cc));
  CHECK(std::isnan(farther.cc_norm));
  CHECK(std::isnan(farther.cc_max));
  CHECK(farther.signal_power == 0);
}

TEST_CASE("metrics: the mean rate gains no bits, and rates below 1e-8 count as 1e-8") {
  CHECK(metrics_of({{{{1, 0, 2, 1}}, {1, 1, 1, 1}}}).bits_per_spike == near(0, 0, 1e-15));
  const double low = metrics_of({{{{1, 1}}, {1, -3}}}).bits_per_spike;
  CHECK(low == near((std::log(1e-8) - (1e-8 - 1)) / std::numbers::ln2 / 2, 1e-12));
}

TEST_CASE("metrics: no bits per spike of what are no counts") {
  CHECK(std::isnan(metrics_of({{{{1, 0.5F}}, {1, 1}}}).bits_per_spike));
  CHECK(std::isnan(metrics_of({{{{1, -1}}, {1, 1}}}).bits_per_spike));
  CHECK(std::isnan(metrics_of({{{{0, 0}}, {1, 1}}}).bits_per_spike));
  CHECK(std::isnan(metrics_of({{{{1, 0}}, {1, 2}}}, true).bits_per_spike));
  CHECK_FALSE(std::isnan(metrics_of({{{{1, 0}}, {1, 2}}}).bits_per_spike));
}

TEST_CASE("metrics: constants are undefined, not 0") {
  const UnitMetrics flat_response = metrics_of({{{{2, 2, 2}, {2, 2, 2}}, {1, 2, 3}}});
  CHECK(std::isnan(flat_response.cc));
  CHECK(std::isnan(flat_response.fve));
  CHECK(flat_response.mse == near(2 / 3.0, 1e-12));
  CHECK(flat_response.signal_power == 0);
  CHECK(flat_response.noise_power == 0);
  CHECK(std::isnan(flat_response.snr));
  CHECK(std::isnan(flat_response.spe));
  CHECK(std::isnan(flat_response.cc_norm));
  CHECK(std::isnan(flat_response.cc_max));
  CHECK(std::isnan(flat_response.cc_norm_hsu));

  const UnitMetrics flat_prediction = metrics_of({{{{1, 2, 4}, {1, 3, 4}}, {2, 2, 2}}});
  CHECK(std::isnan(flat_prediction.cc));
  CHECK(std::isnan(flat_prediction.cc_norm));
  CHECK(std::isnan(flat_prediction.cc_norm_hsu));
  CHECK(flat_prediction.spe == near(0, 0, 1e-12));
  CHECK_FALSE(std::isnan(flat_prediction.fve));
}

TEST_CASE("metrics: a single trial has no noise-corrected ones") {
  const UnitMetrics m = metrics_of({{{{1, 0, 2}}, {1, 0.5F, 1.5F}}});
  CHECK(m.cc == near(1, 1e-12));
  for (const auto value :
       {m.signal_power, m.noise_power, m.snr, m.spe, m.cc_norm, m.cc_max, m.cc_norm_hsu}) {
    CHECK(std::isnan(value));
  }
}

TEST_CASE("metrics: nothing but missing responses, no stimulus, one frame") {
  const std::vector<std::vector<Recording>> nothing = {
      {{{{kMissing, kMissing}, {kMissing, kMissing}}, {1, 2}}}, {}, {{{}, {1, 2}}}, {{{{}}, {}}}};
  for (const auto& recordings : nothing) {
    const UnitMetrics m = metrics_of(recordings);
    for (const UnitMetricName& metric : kUnitMetrics) {
      CAPTURE(std::string(metric.name));
      CHECK(std::isnan(m.*metric.value));
    }
  }
  const UnitMetrics m = metrics_of({{{{2}, {4}}, {1}}});
  for (const UnitMetricName& metric : kUnitMetrics) {
    CAPTURE(std::string(metric.name));
    const bool defined = metric.name == "mse" || metric.name == "bits_per_spike";
    CHECK(std::isnan(m.*metric.value) != defined);
  }
  CHECK(m.mse == 4);
}

TEST_CASE("metrics: missing trials and frames are as if they had not been recorded") {
  const UnitMetrics gaps =
      metrics_of({{{{1, 9, 2, 0}, {kMissing, kMissing, kMissing, kMissing}, {3, kMissing, 2, 1}},
                   {1, 1, 2, 0}}});
  const UnitMetrics whole = metrics_of({{{{1, 2, 0}, {3, 2, 1}}, {1, 2, 0}}});
  CHECK(gaps.signal_power == whole.signal_power);
  CHECK(gaps.noise_power == whole.noise_power);
  CHECK(gaps.cc_norm == whole.cc_norm);
  CHECK(gaps.cc_max == whole.cc_max);
  CHECK(gaps.spe == whole.spe);
  // Frame 1 has one trial left, which counts in what needs no repeats.
  CHECK(gaps.mse == near((1 + 64 + 0 + 0.25) / 4, 1e-12));
}

TEST_CASE("metrics: predictions are not looked at where there is no response") {
  const UnitMetrics m =
      metrics_of({{{{1, kMissing, 2, 0}, {2, kMissing, 2, 1}}, {1, kMissing, 2, 0.5F}}});
  for (const UnitMetricName& metric : kUnitMetrics) {
    CAPTURE(std::string(metric.name));
    CHECK_FALSE(std::isnan(m.*metric.value));
  }
}

TEST_CASE("metrics: a prediction that is not finite has no plausible score") {
  for (const float bad : {kMissing, kInfinity, -kInfinity}) {
    CAPTURE(bad);
    const UnitMetrics m = metrics_of({{{{1, 3, 2, 0}, {2, 3, 2, 1}}, {bad, 2, 2, 2}}});
    CHECK(std::isnan(m.cc));
    CHECK(std::isnan(m.cc_norm));
    CHECK(std::isnan(m.cc_norm_hsu));
    CHECK(std::isnan(m.spe));
    CHECK(std::isnan(m.bits_per_spike));
    CHECK_FALSE(std::isfinite(m.mse));
    CHECK_FALSE(std::isfinite(m.fve));
  }
}

TEST_CASE("metrics: a prediction of another length is our own mistake") {
  const std::vector<float> responses = {1, 2, 3};
  const std::vector<Trials> stimuli = {{responses.data(), 1, 3}};
  const std::vector<std::span<const float>> none;
  CHECK_THROWS_WITH_AS(unit_metrics(stimuli, none, false), "metrics of 1 stimuli and 0 predictions",
                       Bug);
  const std::vector<std::span<const float>> two = {std::span(responses).first(2)};
  CHECK_THROWS_WITH_AS(unit_metrics(stimuli, two, false),
                       "stimulus 0 has 3 frames, its prediction 2", Bug);
}

TEST_CASE("score target: the same scores as all metrics together, strided and with gaps between") {
  const test::VectorFile file("metrics.h5");
  const Population population(file, "mixed");
  const std::int64_t stride = 3;
  for (std::int64_t unit = 0; unit < population.responses.front().dim(0); ++unit) {
    CAPTURE(unit);
    const auto stimuli = population.stimuli(unit);
    const auto predictions = population.prediction(unit);
    // Every stimulus follows 5 frames that must not be read, and frames lie `stride` apart.
    std::vector<float> joined;
    std::vector<std::int64_t> starts;
    for (const auto& prediction : predictions) {
      joined.insert(joined.end(), 5 * stride, kMissing);
      starts.push_back(static_cast<std::int64_t>(joined.size()) / stride);
      for (const float value : prediction) {
        joined.push_back(value);
        joined.insert(joined.end(), stride - 1, kMissing);
      }
    }
    const ScoreTarget target(stimuli, starts);
    const UnitMetrics expected = unit_metrics(stimuli, predictions, false);
    CHECK(target.cc(joined.data(), stride) == near(expected.cc, 1e-13));
    CHECK(target.cc_norm(joined.data(), stride) == near(expected.cc_norm, 1e-13));
    CHECK(target.signal_power() == near(expected.signal_power, 1e-13));
  }
}

TEST_CASE("score target: as many starts as stimuli") {
  const std::vector<float> responses = {1, 2, 3};
  const std::vector<Trials> stimuli = {{responses.data(), 1, 3}};
  CHECK_THROWS_WITH_AS(ScoreTarget(stimuli, std::vector<std::int64_t>{}),
                       "metrics of 1 stimuli at 0 starts", Bug);
}

}  // namespace strffit
