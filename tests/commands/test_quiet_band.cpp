// A band that hardly varies gets weights that say little: receptive fields are shown per standard
// deviation of their band, and best frequencies are true.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "commands/export_strfs.hpp"
#include "commands/inspect.hpp"
#include "commands/train.hpp"
#include "files/reader.hpp"
#include "support/h5_edit.hpp"
#include "support/near.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::near;
using test::SmallStudy;
using test::Watcher;

std::string told_by_training(const std::string& config) {
  Watcher watcher;
  TrainRequest request;
  request.config = config;
  train_run(request, watcher);
  return watcher.told;
}

std::string exported(const std::string& run, const std::string& out, const std::string& weights,
                     std::vector<std::string>* at_edge = nullptr) {
  ExportRequest request;
  request.path = run;
  request.out = out;
  request.weights = weights;
  request.threads = 1;
  Watcher watcher;
  const auto outcome = export_strfs(request, watcher);
  if (at_edge != nullptr) *at_edge = outcome.at_edge;
  return watcher.told;
}

std::vector<float> best_frequencies(const std::string& file) {
  return files::Reader(file, {"strffit-results"}).floats("/strf/summary/best_frequency_hz").values;
}

// Twelve neurons, whose sounds reach the dataset with a two-hundredth of what they heard in the
// highest band, as a lowpass filter would leave it.
Simulation with_quiet_top_band() {
  SimulateOptions options;
  options.units = 12;
  options.stimuli = 24;
  options.seconds = 3;
  options.bands = 16;
  options.rate_hz = 80;
  Simulation simulation = simulate(options);
  for (auto& stimulus : simulation.dataset.stimuli) {
    auto& values = stimulus.spectrogram.values;
    const auto frames = static_cast<std::size_t>(stimulus.frames());
    std::for_each(values.end() - static_cast<std::ptrdiff_t>(frames), values.end(),
                  [](float& value) { value /= 200; });
  }
  return simulation;
}

TEST_CASE("quiet band: the true best frequencies are found, and training names the band") {
  const test::TemporaryFolder folder;
  const auto simulation = with_quiet_top_band();
  const auto data = folder.file("data.h5"), run = folder.file("run");
  write_dataset(data, simulation.dataset, &simulation.truth);
  test::write_text(folder.file("fit.yaml"),
                   "data: {file: " + data +
                       "}\nmodel: {kind: linear, context: 12}\nfit: {solver: ridge}\noutput: "
                       "{folder: " +
                       run + "}\nrun: {threads: 1, device: cpu}\n");
  const auto told = told_by_training(folder.file("fit.yaml"));
  CHECK(told.find("warning: band 15 (20 kHz, ") != std::string::npos);
  CHECK(inspect(data).json.find("band 15 (20 kHz, ") != std::string::npos);

  const auto found = best_frequencies(run + "/results.h5");
  std::vector<std::string> at_edge;
  exported(run, folder.file("raw.h5"), "raw", &at_edge);
  const auto raw = best_frequencies(folder.file("raw.h5"));
  const auto& truth = simulation.truth.best_frequency_hz;
  REQUIRE(found.size() == truth.size());
  // Bands are a third of an octave apart, and noise moves the peak by a part of one.
  constexpr double kOctaves = 0.25;
  int wrong = 0;
  for (std::size_t unit = 0; unit < truth.size(); ++unit) {
    CAPTURE(unit);
    CHECK(std::abs(std::log2(found[unit] / truth[unit])) < kOctaves);
    wrong += raw[unit] > 19999 ? 1 : 0;
  }
  CHECK(wrong >= 2);  // weights alone put them into the quiet band
  CHECK(static_cast<int>(at_edge.size()) >= wrong);
  exported(run, folder.file("per_sd.h5"), "per_sd", &at_edge);
  CHECK(at_edge.empty());
  CHECK(best_frequencies(folder.file("per_sd.h5")) == found);
}

TEST_CASE("quiet band: both kinds of weights are in the file, and their spread is that of x") {
  for (const std::string standardise : {"true", "per_band", "false"}) {
    CAPTURE(standardise);
    const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 2}",
                           ", standardise: " + standardise);
    told_by_training(study.config());
    const files::Reader results(study.run() + "/results.h5", {"strffit-results"});
    const auto raw = results.floats("/strf/kernel"), shown = results.floats("/strf/kernel_per_sd");
    const auto spread = results.floats("/inputs/channel_spread");
    REQUIRE(raw.shape == Shape{3, 1, 1, 6, 5});
    REQUIRE(spread.shape == Shape{3, 1, 6});
    // The definition, by two passes in double over the training sounds.
    const auto dataset = read_dataset(study.data_file());
    std::vector<double> band_spread;
    double all_mean = 0, all_squares = 0, frames = 0;
    std::vector<double> means;
    const auto each = [&](std::int64_t band, auto visit) {
      for (const auto& stimulus : dataset.stimuli) {
        if (stimulus.split != SplitName::train) continue;
        const float* const values = stimulus.spectrogram.data() + band * stimulus.frames();
        std::for_each(values, values + stimulus.frames(), visit);
      }
    };
    for (std::int64_t band = 0; band < 6; ++band) {
      double sum = 0, n = 0, squares = 0;
      each(band, [&](float value) { sum += value, ++n; });
      each(band, [&](float value) { squares += (value - sum / n) * (value - sum / n); });
      band_spread.push_back(std::sqrt(squares / n));
      all_mean += sum, frames += n;
    }
    all_mean /= frames;
    for (std::int64_t band = 0; band < 6; ++band) {
      each(band, [&](float value) { all_squares += (value - all_mean) * (value - all_mean); });
    }
    const double overall = std::sqrt(all_squares / frames);
    for (std::size_t i = 0; i < raw.values.size(); ++i) {
      const std::size_t band = i / 5 % 6;
      const double expected = standardise == "true"       ? band_spread[band] / overall
                              : standardise == "per_band" ? 1
                                                          : band_spread[band];
      CHECK(spread.values[i / 30 * 6 + band] == near(expected, 1e-5));
      CHECK(shown.values[i] == near(raw.values[i] * expected, 1e-5, 1e-12));
    }
    CHECK(results.string_attribute("/strf/kernel_per_sd", "long_name") ==
          "drive per standard deviation of the band in training");
  }
}

TEST_CASE("quiet band: a checkpoint that does not say the spread has it from its dataset") {
  const SmallStudy study("{kind: ln, context: 5, prefilter: {kind: adaptrans}}",
                         "{mode: independent, max_epochs: 2, seeds: [0, 1]}", ", folds: 2");
  told_by_training(study.config());
  const auto checkpoint = study.run() + "/checkpoint.h5";
  CHECK(exported(study.run(), study.file("new.h5"), "per_sd").empty());
  test::H5Edit(checkpoint).remove("/inputs");
  CHECK(exported(study.run(), study.file("old.h5"), "per_sd").empty());
  const files::Reader now(study.file("new.h5"), {"strffit-results"}),
      before(study.file("old.h5"), {"strffit-results"});
  for (const char* path : {"/strf/kernel_per_sd", "/inputs/channel_spread",
                           "/inputs/spectrogram_spread", "/strf/summary/best_frequency_hz"}) {
    CAPTURE(path);
    CHECK(now.floats(path).values == before.floats(path).values);
  }
  // AdapTrans: ON and OFF, learnt, so that members differ.
  const auto spread = now.floats("/inputs/channel_spread");
  CHECK(spread.shape == Shape{12, 2, 6});
  CHECK(std::vector(spread.values.begin(), spread.values.begin() + 12) !=
        std::vector(spread.values.begin() + 12, spread.values.begin() + 24));
  std::filesystem::remove(study.data_file());
  const auto told = exported(study.run(), study.file("alone.h5"), "per_sd");
  CHECK(told.find("does not say how much each band varied") != std::string::npos);
  const files::Reader alone(study.file("alone.h5"), {"strffit-results"});
  CHECK(!alone.exists("/strf/kernel_per_sd"));
  CHECK(alone.string_attribute("/strf/summary/latency_ms", "weights") == "raw");
}

TEST_CASE("quiet band: gradients too, and a word for weights that there is none of is refused") {
  const SmallStudy study("{kind: nrf, context: 5, hidden: 3}", "{max_epochs: 2}");
  told_by_training(study.config());
  ExportRequest request;
  request.path = study.run();
  request.out = study.file("strfs.h5");
  request.gradient = true;
  Watcher watcher;
  export_strfs(request, watcher);
  const files::Reader reader(request.out, {"strffit-results"});
  const auto raw = reader.floats("/strf/gradient"), shown = reader.floats("/strf/gradient_per_sd");
  const auto spread = reader.floats("/inputs/spectrogram_spread");
  REQUIRE(raw.shape == Shape{1, 3, 6, 5});
  for (std::size_t i = 0; i < raw.values.size(); ++i) {
    CHECK(shown.values[i] == near(raw.values[i] * spread.values[i / 5 % 6], 1e-6, 1e-12));
  }
  CHECK(reader.string_attribute("/strf/kernel", "long_name") ==
        "hidden drive per unit of the standardised input");
  request.weights = "both";
  CHECK_THROWS_AS(export_strfs(request, watcher), ConfigError);
}

// How many kernels (1, K, 1, F, L) have their largest value in the last band.
int peaks_in_top_band(const std::string& file, const std::string& path) {
  const auto fields = files::Reader(file, {"strffit-results"}).floats(path);
  const auto size = fields.dim(3) * fields.dim(4);
  int found = 0;
  for (auto at = fields.values.begin(); at != fields.values.end(); at += size) {
    const auto peak =
        std::max_element(at, at + size, [](float a, float b) { return std::abs(a) < std::abs(b); });
    found += (peak - at) / fields.dim(4) == fields.dim(3) - 1 ? 1 : 0;
  }
  return found;
}

TEST_CASE("quiet band: of a recording, no field peaks in the silent top band") {
  const std::string data = std::string(STRFFIT_SOURCE_DIR) + "/../shared/data/ns1_even.h5";
  if (!std::filesystem::exists(data)) return;
  const test::TemporaryFolder folder;
  const auto run = folder.file("run");
  // Not the smooth prior: of one noisy unit it gives two bands almost the same peak, and rounding
  // decides between them.
  test::write_text(
      folder.file("fit.yaml"),
      "data: {file: " + data +
          "}\nmodel: {kind: linear, context: 20}\nfit: {solver: ridge, ridge_prior: flat}\noutput: "
          "{folder: " +
          run + "}\nrun: {threads: 2, device: cpu}\n");
  told_by_training(folder.file("fit.yaml"));
  exported(run, folder.file("raw.h5"), "raw");
  const auto in_top = [](const std::vector<float>& all) {
    return std::count_if(all.begin(), all.end(), [](float hz) { return hz > 22000; });
  };
  CHECK(peaks_in_top_band(run + "/results.h5", "/strf/kernel") > 5);
  CHECK(peaks_in_top_band(run + "/results.h5", "/strf/kernel_per_sd") == 0);
  // The best frequency is that of the best separable field, which of noise may be anything.
  CHECK(in_top(best_frequencies(folder.file("raw.h5"))) > 5);
  CHECK(in_top(best_frequencies(run + "/results.h5")) <= 1);
}

}  // namespace
}  // namespace strffit
