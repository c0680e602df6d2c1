// What a run warns of, and how much of it it says.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "commands/export_strfs.hpp"
#include "commands/inspect.hpp"
#include "commands/predict.hpp"
#include "commands/train.hpp"
#include "dataset/split.hpp"
#include "files/reader.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "util/random.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::SmallStudy;
using test::Watcher;

std::string told_by(const SmallStudy& study, std::vector<std::string> assignments = {}) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = std::move(assignments);
  request.overwrite = true;
  Watcher watcher;
  train_run(request, watcher);
  return watcher.told;
}

// The lines of warnings with `part` in them.
std::vector<std::string> warnings_with(const std::string& told, const std::string& part) {
  std::vector<std::string> found;
  std::istringstream lines(told);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("warning: ", 0) == 0 && line.find(part) != std::string::npos) {
      found.push_back(line);
    }
  }
  return found;
}

// Independent noise in every band, and a unit that is band 2, two frames (10 ms) later.
Dataset delayed_band(std::int64_t stimuli = 10, std::int64_t frames = 300) {
  Dataset dataset;
  dataset.axes = {5, {500, 1000, 2000, 4000, 8000, 16000}};
  dataset.unit_ids = dataset.all_unit_ids = {"u"};
  dataset.file_units = {FileUnit{0}};
  Random random(3);
  for (std::int64_t s = 0; s < stimuli; ++s) {
    Stimulus stimulus;
    stimulus.key = "s" + std::to_string(100 + s);
    stimulus.split = s < stimuli * 6 / 10   ? SplitName::train
                     : s < stimuli * 8 / 10 ? SplitName::valid
                                            : SplitName::test;
    stimulus.spectrogram = Array<float>({6, frames});
    for (float& value : stimulus.spectrogram.values) value = static_cast<float>(random.normal());
    stimulus.responses = Array<float>({1, 3, frames});
    for (std::int64_t i = 0; i < 3 * frames; ++i) {
      const auto t = i % frames;
      stimulus.responses.data()[i] = static_cast<float>(
          (t < 2 ? 0 : stimulus.spectrogram.data()[2 * frames + t - 2]) + 0.2 * random.normal());
    }
    dataset.stimuli.push_back(std::move(stimulus));
  }
  return dataset;
}

TEST_CASE("centered padding: every lag axis begins in the future, and a delay is what it is") {
  for (const std::string model :
       {"{kind: linear, context: 11, padding: ",
        "{kind: linear, context: 11, kernel: {kind: separable}, padding: ",
        "{kind: linear, context: 11, kernel: {kind: dcls}, padding: ",
        "{kind: conv2d, kernel_size: [1, 5], norm: none, padding: "}) {
    for (const bool centered : {false, true}) {
      CAPTURE(model);
      CAPTURE(centered);
      const SmallStudy study(model + (centered ? "centered}" : "causal}"),
                             "{max_epochs: 25, learning_rate: 0.02}");
      write_dataset(study.data_file(), delayed_band());
      const auto told = told_by(study);
      CHECK(warnings_with(told, "not causal").size() == (centered ? 1 : 0));
      ExportRequest request;
      request.path = study.run();
      request.out = study.file("strfs.h5");
      request.gradient = true;
      request.plot = study.file("figures");
      request.format = "svg";
      Watcher watcher;
      const auto outcome = export_strfs(request, watcher);
      const files::Reader reader(request.out, {"strffit-results"});
      for (const std::string name : {"kernel", "gradient"}) {
        const std::string path = "/strf/" + name;
        if (!reader.exists(path)) continue;  // conv2d has no kernel
        const auto lags = reader.numbers_attribute(path, "lag_ms");
        const auto field = reader.floats(path).values;  // (..., F, L) of one unit
        const auto peak =
            std::ranges::max_element(field, {}, [](float value) { return std::abs(value); }) -
            field.begin();
        CHECK(peak / static_cast<std::ptrdiff_t>(lags.size()) == 2);
        CHECK(lags[static_cast<std::size_t>(peak) % lags.size()] == 10);
        CHECK(lags.front() == (centered ? -5.0 * static_cast<double>(lags.size() / 2) : 0));
        const std::string summary = name == "kernel" ? "/strf/summary" : "/strf/gradient_summary";
        // Between frames by the parabola through three values.
        CHECK(std::abs(reader.floats(summary + "/latency_ms").values[0] - 10) < 2);
      }
      // Cairo writes texts as shapes: what stands there is seen by their number alone.
      for (const auto& file : outcome.figures) {
        const auto text = test::read_text(file);
        CHECK((text.find("stroke-dasharray") != std::string::npos) == centered);
      }
    }
  }
}

TEST_CASE("centered padding: a true receptive field is found at its lags") {
  const auto recovered = [](const std::string& model) {
    const SmallStudy study(model, "{mode: independent, max_epochs: 40, learning_rate: 0.01}");
    told_by(study);
    ExportRequest request;
    request.path = study.run();
    request.out = study.file("strfs.h5");
    request.truth = study.data_file();
    Watcher watcher;
    double sum = 0;
    const auto all = export_strfs(request, watcher).recovery;
    for (const auto& one : all) sum += one.correlation;
    return sum / static_cast<double>(all.size());
  };
  const double causal = recovered("{kind: linear, context: 12}"),
               centered = recovered("{kind: linear, context: 23, padding: centered}");
  CAPTURE(causal);
  CAPTURE(centered);
  CHECK(causal > 0.4);
  // Its future half is noise; of an axis that began elsewhere next to nothing would be left.
  CHECK(centered > 0.6 * causal);
}

TEST_CASE("rounding noise: such a band is 0 and named, also for sounds that come later") {
  const SmallStudy study("{kind: linear}", "{solver: ridge}", ", standardise: per_band");
  auto dataset = delayed_band();
  Random random(5);
  for (auto& stimulus : dataset.stimuli) {
    float* const band = stimulus.spectrogram.data() + 5 * stimulus.frames();
    const bool test = stimulus.split == SplitName::test;
    for (std::int64_t t = 0; t < stimulus.frames(); ++t) {
      band[t] = static_cast<float>(-80 + (test ? 0 : 1e-5 * random.normal()));
      if (test && t >= 60 && t < 70) band[t] = -60;
    }
  }
  write_dataset(study.data_file(), dataset);
  const auto told = told_by(study);
  const auto warnings = warnings_with(told, "constant but for rounding");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("band 5, 16 kHz is") != std::string::npos);
  const files::Reader results(study.run() + "/results.h5", {"strffit-results"});
  CHECK(results.doubles("/metrics/test/cc").values[0] > 0.9);
  // The checkpoint alone predicts the same.
  PredictRequest request;
  request.path = study.run() + "/checkpoint.h5";
  request.data = study.data_file();
  request.out = study.file("predictions.h5");
  Watcher watcher;
  predict_file(request, watcher);
  const files::Reader again(request.out, {"strffit-results"});
  CHECK(again.floats("/predictions/s109").values == results.floats("/predictions/s109").values);
  CHECK(told_by(study, {"data.folds=3"}).find("(of a fold)") != std::string::npos);
}

TEST_CASE("warnings: one line a kind, however many there are") {
  // 60 units of which 20 are constant, 20 have no response and 20 none in validation; each of 10
  // sounds in ten stimuli.
  const SmallStudy study("{kind: linear}", "{solver: ridge, mode: independent}");
  SimulateOptions options;
  options.units = 70;
  options.stimuli = 100;
  options.seconds = 0.3;
  options.bands = 4;
  options.trials = 2;
  Dataset dataset = simulate(options).dataset;
  for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
    Stimulus& stimulus = dataset.stimuli[s];
    stimulus.spectrogram = dataset.stimuli[s % 10].spectrogram;
    const auto size = stimulus.trials() * stimulus.frames();
    const auto fill = [&](std::int64_t first, std::int64_t last, float value) {
      std::fill(stimulus.responses.data() + first * size, stimulus.responses.data() + last * size,
                value);
    };
    fill(0, 20, 1);
    fill(20, 40, std::nanf(""));
    if (stimulus.split == SplitName::valid) fill(40, 60, std::nanf(""));
  }
  write_dataset(study.data_file(), dataset);
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"data.folds=4"}, {"data.split={valid: 0.2, test: 0.2}"}}) {
    const auto told = told_by(study, more);
    CHECK(warnings_with(told, "").size() <= 20);
    const auto repeated = warnings_with(told, "same spectrogram");
    REQUIRE(repeated.size() == 1);
    CHECK(repeated[0].find(" pairs of stimuli (") != std::string::npos);
    CHECK(repeated[0].size() < 400);
    CHECK(warnings_with(told, "a constant response").size() == 1);
    CHECK(warnings_with(told, "no response in the training").size() == 1);
    CHECK(warnings_with(told, "20 units (").size() >= 2);
  }
  const auto inspected = inspect(study.data_file()).report.notes;
  CHECK(inspected.size() <= 20);
  CHECK(std::ranges::count_if(inspected, [](const std::string& note) {
          return note.find("100 stimuli share their spectrograms") != std::string::npos;
        }) == 1);
}

TEST_CASE("warnings: of many members that fail in an epoch there is one line") {
  const SmallStudy study("{kind: linear, context: 3}",
                         "{mode: independent, initialise: random, max_epochs: 3}");
  SimulateOptions options;
  options.units = 40;
  options.stimuli = 10;
  options.seconds = 0.5;
  options.bands = 4;
  options.trials = 2;
  Dataset dataset = simulate(options).dataset;
  for (auto& stimulus : dataset.stimuli) {
    // Near the largest float: the squared error of these units is infinite.
    const auto size = stimulus.trials() * stimulus.frames();
    for (std::int64_t i = 0; i < 30 * size; ++i) stimulus.responses.data()[i] *= 3e37F;
  }
  write_dataset(study.data_file(), dataset);
  const auto failed = warnings_with(told_by(study), "no longer finite");
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].find("the loss of 30 members (member 0 (unit ") != std::string::npos);
  CHECK(failed[0].find("and 28 more) is no longer finite in epoch 1") != std::string::npos);
}

// The small recording, of which the units `silent` have a constant response to the stimuli that
// validate in these folds.
Dataset silent_in(const SplitOptions& split, const std::vector<std::size_t>& folds,
                  const std::vector<std::int64_t>& silent) {
  auto dataset = test::small_recording().dataset;
  const auto parts = partitions(dataset, split);
  for (const auto fold : folds) {
    for (const auto s : parts[fold].valid) {
      Stimulus& stimulus = dataset.stimuli[s];
      const auto size = stimulus.trials() * stimulus.frames();
      for (const auto unit : silent)
        std::fill_n(stimulus.responses.data() + unit * size, size, 0.0F);
    }
  }
  return dataset;
}

TEST_CASE("warnings: a unit that cannot be scored in a fold is named with its folds, in one line") {
  const std::string unscored = "constant responses, or none, to the validation stimuli";
  const SmallStudy study("{kind: nrf, hidden: 2, context: 3}",
                         "{mode: independent, max_epochs: 2}");
  const SmallStudy closed("{kind: linear, context: 3}", "{mode: independent, solver: ridge}");
  const auto& id = test::small_recording().dataset.unit_ids;
  SplitOptions four;
  four.folds = 4;
  for (const auto& one : {&study, &closed})
    write_dataset(one->data_file(), silent_in(four, {1, 3}, {2}));
  const auto only_line = [&](const SmallStudy& of, const std::vector<std::string>& more) {
    const auto told = told_by(of, more);
    CAPTURE(told);
    const auto lines = warnings_with(told, unscored);
    CHECK(lines.size() == 1);
    return lines.empty() ? std::string() : lines.front();
  };
  auto line = only_line(study, {"data.folds=4"});
  CHECK(line.find("unit " + id[2] + " in folds 1 and 3: " + unscored + " there") !=
        std::string::npos);
  CHECK(line.find("early stopping uses the training loss there") != std::string::npos);
  // A sweep compares settings in the other folds.
  line = only_line(study, {"data.folds=4", "sweep={fit.l2: [0, 1]}"});
  CHECK(line.find("in folds 1 and 3") != std::string::npos);
  CHECK(line.find("settings are compared in the other folds") != std::string::npos);
  // Population: the others of the fold say when to stop.
  line = only_line(study, {"data.folds=4", "fit.mode=population"});
  CHECK(line.find("early stopping uses the other units") != std::string::npos);
  line = only_line(study, {"data.folds=4", "fit.mode=population", "data.units=[" + id[2] + "]"});
  CHECK(line.find("early stopping uses the training loss") != std::string::npos);
  // The closed form says itself what it goes by.
  const auto told = told_by(closed, {"data.folds=4"});
  CHECK(warnings_with(told, unscored).size() == 1);
  const auto chosen = warnings_with(told, "is chosen on held-out training stimuli");
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].find("unit " + id[2] + " in folds 1 and 3 is chosen") != std::string::npos);

  // Nested: fold 4 is inner fold 1 of outer fold 1.
  SplitOptions nested;
  nested.outer = 2;
  nested.inner = 3;
  write_dataset(study.data_file(), silent_in(nested, {4}, {0, 1}));
  line = only_line(study, {"data.nested={outer: 2, inner: 3}"});
  CHECK(line.find("2 units (" + id[0] + " in fold") != std::string::npos);
  CHECK(line.find("4") != std::string::npos);

  // One split, with a refit: no fold to name.
  write_dataset(study.data_file(), silent_in({}, {0}, {1}));
  line = only_line(study, {"fit.refit=true"});
  CHECK(line.find("unit " + id[1] + ": " + unscored + ", so no") != std::string::npos);
}

TEST_CASE("wrong units: inspect and train say the same, once") {
  const SmallStudy study("{kind: linear}", "{solver: ridge}");
  auto dataset = test::small_recording().dataset;
  CHECK(warnings_with(told_by(study), "probably").empty());
  for (double& hz : dataset.axes.frequencies_hz) hz /= 1000;
  write_dataset(study.data_file(), dataset);
  const auto told = warnings_with(told_by(study, {"data.smooth_ms=40"}), "probably in kHz");
  REQUIRE(told.size() == 1);
  const auto inspected = inspect(study.data_file()).report.notes;
  CHECK(std::ranges::count(inspected, told[0].substr(std::string("warning: ").size())) == 1);
}

}  // namespace
}  // namespace strffit
