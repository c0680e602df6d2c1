// An average of runs, as the run that it is. That means are means is tests/evaluation's.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "commands/average.hpp"
#include "commands/best.hpp"
#include "commands/compare.hpp"
#include "commands/evaluate.hpp"
#include "commands/inspect.hpp"
#include "commands/predict.hpp"
#include "commands/train.hpp"
#include "formats/average_file.hpp"
#include "formats/averaged.hpp"
#include "formats/results.hpp"
#include "support/evaluated.hpp"
#include "support/h5_edit.hpp"
#include "support/messages.hpp"
#include "support/near.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::evaluated;
using test::near;
using test::SmallStudy;

void fit_into(const SmallStudy& study, const std::string& name,
              std::vector<std::string> assignments) {
  TrainRequest request;
  request.config = study.config();
  assignments.emplace_back("output.checkpoint_every=1000");
  assignments.push_back("output.folder=" + study.file(name));
  request.assignments = std::move(assignments);
  test::Watcher watcher;
  train_run(request, watcher);
}

AverageOutcome averaged_runs(const SmallStudy& study, const std::vector<std::string>& names,
                             const std::string& weights = "equal",
                             const std::string& out = "both") {
  AverageRequest request;
  for (const auto& name : names) request.runs.push_back(study.file(name));
  request.weights = weights;
  request.out = study.file(out);
  request.threads = 1;
  request.command_line = "strffit average";
  Observer silent;
  return average_runs(request, silent);
}

// Predictions of every sound of the study's data: (1, N, T) by key.
std::map<std::string, Array<float>> sounds_predicted(const SmallStudy& study,
                                                     const std::string& name, bool averaged) {
  PredictRequest request;
  request.path = study.file(name);
  request.data = study.data_file();
  request.out = study.file(name + "-predicted.h5");
  request.averaged = averaged;
  request.threads = 1;
  Observer silent;
  predict_file(request, silent);
  std::map<std::string, Array<float>> found;
  for (const auto& stimulus : read_dataset(study.data_file()).stimuli) {
    found[stimulus.key] = averaged ? read_averaged_predictions(request.out, stimulus.key)
                                   : read_predictions(request.out, stimulus.key);
  }
  return found;
}

// One model per unit, and one for all units: of different kinds, seeds and modes.
struct TwoKinds : SmallStudy {
  explicit TwoKinds(const std::string& data = "")
      : SmallStudy("{kind: linear, context: 4}", "{mode: independent, max_epochs: 3}", data) {
    fit_into(*this, "linear", {"fit.seeds=2", "fit.initialise=random"});
    fit_into(*this, "nrf", {"model={kind: nrf, hidden: 3, context: 3}", "fit={max_epochs: 3}"});
  }
};

TEST_CASE("average: the weighted mean of the runs' means, in eval, predict and results") {
  const TwoKinds study;
  const auto outcome = averaged_runs(study, {"linear", "nrf"}, "3,1");
  CHECK(outcome.weights == "given");
  REQUIRE(outcome.runs.size() == 2);
  CHECK(outcome.runs[0].weight == near(0.75, 1e-12));
  CHECK(outcome.runs[0].members == 6);
  const auto linear = sounds_predicted(study, "linear", true),
             nrf = sounds_predicted(study, "nrf", false),
             both = sounds_predicted(study, "both", false);
  for (const auto& [key, values] : both) {
    REQUIRE(values.shape == nrf.at(key).shape);
    for (std::size_t i = 0; i < values.values.size(); ++i) {
      const double expected = 0.75 * static_cast<double>(linear.at(key).values[i]) +
                              0.25 * static_cast<double>(nrf.at(key).values[i]);
      // Tolerance: float32.
      REQUIRE(static_cast<double>(values.values[i]) == near(expected, 1e-5, 1e-6));
    }
  }
  CHECK(sounds_predicted(study, "both", true).begin()->second.shape ==
        Shape{1, 1, 3, both.begin()->second.dim(2)});
  // Two seeds of linear for each unit, and one nrf that predicts all units.
  CHECK(read_averaged(study.file("both-predicted.h5"))->members.values ==
        std::vector<std::int64_t>{3, 3, 3});
  const auto results = read_results(study.file("both") + "/results.h5");
  CHECK(results.roster.members.size() == 1);
  CHECK_FALSE(results.roster.independent());
  for (const char* split : {"train", "valid", "test"}) {
    const auto evaluation = evaluated(study.file("both"), split);
    CHECK(evaluation.model == "average");
    CHECK_FALSE(evaluation.averaged.has_value());
    REQUIRE(evaluation.scores.size() == 3);
    for (std::size_t unit = 0; unit < 3; ++unit) {
      CHECK(evaluation.scores[unit].metrics.cc ==
            near(results.metrics.at(split).at("cc").values[unit], 1e-6));
    }
  }
  CHECK(evaluated(study.file("both"), "all").stimuli == 10);
  CHECK(outcome.test.mean == near(evaluated(study.file("both"), "test").summary[1].mean, 1e-6));
  CHECK(predicted_stimuli(study.file("both") + "/results.h5").size() == 2);
  // With comparisons and inspections as with any run.
  CompareRequest compare;
  compare.paths = {study.file("linear"), study.file("both")};
  compare.averaged = true;
  compare.threads = 1;
  Observer silent;
  const auto comparison = compare_runs(compare, silent);
  CHECK(comparison.runs[0].mean_of == 2);
  CHECK(comparison.runs[1].mean_of == 0);
  const auto of_linear = evaluated(study.file("linear"), "test");
  for (std::size_t i = 0; i < comparison.units.size(); ++i) {
    const auto& scores = of_linear.averaged->scores;
    const auto own = std::find_if(scores.begin(), scores.end(), [&](const UnitScore& score) {
      return score.unit == comparison.units[i];
    });
    REQUIRE(own != scores.end());
    CHECK(comparison.runs[0].scores[i] == near(own->metrics.cc_norm, 1e-9));
  }
  CHECK(inspect(study.file("both")).json.find("\"weights\": \"given\"") != std::string::npos);
  const auto json = nlohmann::json::parse(to_json(outcome));
  CHECK(json["runs"][1]["model"] == "nrf");
  CHECK(to_text(to_report(outcome)).find("the average is the run") != std::string::npos);
  // It stands alone: what it was made of may go.
  std::filesystem::remove_all(study.file("linear"));
  CHECK(evaluated(study.file("both"), "test").scores.size() == 3);
}

TEST_CASE("average: of folds no prediction is by a member that saw the sound") {
  const TwoKinds study(", folds: 4");
  averaged_runs(study, {"linear", "nrf"});
  const auto evaluation = evaluated(study.file("both"), "valid");
  CHECK(evaluation.stimuli == 8);
  // By hand: out-of-fold means of both.
  const auto linear = sounds_predicted(study, "linear", true),
             nrf = sounds_predicted(study, "nrf", true),
             both = sounds_predicted(study, "both", false);
  for (const auto& [key, values] : both) {
    const auto T = values.dim(2);
    for (std::int64_t i = 0; i < 3 * T; ++i) {
      // Group 0 of (S, A, N, T) is that over folds.
      const double expected = 0.5 * static_cast<double>(linear.at(key).data()[i]) +
                              0.5 * static_cast<double>(nrf.at(key).data()[i]);
      REQUIRE(static_cast<double>(values.data()[i]) == near(expected, 1e-5, 1e-6));
    }
  }
}

TEST_CASE("average: weights that validation chooses, and what is told of them") {
  const TwoKinds study;
  const auto outcome = averaged_runs(study, {"linear", "nrf"}, "validation");
  CHECK(outcome.weights == "validation");
  CHECK(to_text(to_report(outcome)).find("chosen on the validation stimuli") != std::string::npos);
  CHECK(to_text(to_report(evaluated(study.file("both"), "valid"))).find("too good") !=
        std::string::npos);
  CHECK(to_text(to_report(evaluated(study.file("both"), "test"))).find("too good") ==
        std::string::npos);
  const auto equal = averaged_runs(study, {"linear", "nrf"}, "equal", "equal");
  CHECK(outcome.valid.mean >= equal.valid.mean - 1e-6);
  // Test responses decide nothing: with others, the same weights.
  auto changed = test::small_recording().dataset;
  for (auto& stimulus : changed.stimuli) {
    if (stimulus.split != SplitName::test) continue;
    std::reverse(stimulus.responses.values.begin(), stimulus.responses.values.end());
  }
  const SmallStudy other("{kind: linear, context: 4}", "{mode: independent, max_epochs: 3}");
  write_dataset(other.data_file(), changed);
  fit_into(other, "linear", {"fit.seeds=2", "fit.initialise=random"});
  fit_into(other, "nrf", {"model={kind: nrf, hidden: 3, context: 3}", "fit={max_epochs: 3}"});
  const auto again = averaged_runs(other, {"linear", "nrf"}, "validation");
  for (std::size_t r = 0; r < 2; ++r) CHECK(again.runs[r].weight == outcome.runs[r].weight);
  CHECK(again.test.mean != outcome.test.mean);
}

TEST_CASE("average: an average is a run to average") {
  const TwoKinds study;
  averaged_runs(study, {"linear", "nrf"}, "1,1");
  averaged_runs(study, {"both", "nrf"}, "1,1", "again");
  const auto file = read_average(study.file("again") + "/average.h5");
  REQUIRE(file.parts.size() == 3);
  CHECK(file.parts[0].weight == near(0.25, 1e-12));
  CHECK(file.parts[1].weight == near(0.25, 1e-12));
  CHECK(file.parts[2].weight == near(0.5, 1e-12));
  // Written again with fewer parts, none is left over.
  averaged_runs(study, {"linear", "nrf"}, "equal", "again");
  CHECK_FALSE(std::filesystem::exists(study.file("again") + "/part-2.h5"));
  CHECK(evaluated(study.file("again"), "test").scores.size() == 3);
}

TEST_CASE("average: what is refused") {
  const TwoKinds study;
  const auto refusal = [&](const std::vector<std::string>& names, const std::string& weights,
                           const std::string& out = "refused") {
    return test::error_of<std::exception>([&] { averaged_runs(study, names, weights, out); });
  };
  for (const char* weights : {"", "equals", "1", "1,2,3", "1,0", "1,-1", "1,nan", "1,2,", "1;2"}) {
    CAPTURE(weights);
    CHECK(test::contains(refusal({"linear", "nrf"}, weights),
                         "--weights: expected equal, validation, or a number above 0"));
  }
  CHECK(test::contains(refusal({"linear"}, "equal"), "at least two runs"));
  CHECK(test::contains(refusal({"linear", "nrf"}, "equal", "linear"), "is one of the runs"));
  CHECK(test::contains(refusal({"linear", "linear"}, "equal", "nrf"),
                       "holds a run that is no average of runs"));
  CHECK_FALSE(std::filesystem::exists(study.file("refused") + "/average.h5"));
  const auto differs = [&](const char* message, const std::vector<std::string>& assignments) {
    std::filesystem::remove_all(study.file("other"));
    fit_into(study, "other", assignments);
    CAPTURE(message);
    CHECK(test::contains(refusal({"linear", "other"}, "equal"), message));
  };
  differs("differ in smoothing", {"data.smooth_ms=21"});
  differs("differ in the test stimuli", {"data.split={valid: 0.2, test: 0.3, seed: 1}"});
  differs("differ in the valid stimuli", {"data.folds=3"});
  differs("differ in units", {"data.units=[0-1]"});
  differs("holds several settings of a sweep", {"sweep={fit.weight_decay: [0, 1]}"});
  const SmallStudy elsewhere("{kind: linear, context: 4}", "{max_epochs: 1}");
  write_dataset(elsewhere.data_file(), test::small_recording(3).dataset);
  fit_into(elsewhere, "run", {});
  std::filesystem::rename(elsewhere.file("run"), study.file("elsewhere"));
  CHECK(
      test::contains(refusal({"linear", "elsewhere"}, "equal"), "differ in the dataset's content"));
  // Damaged files of an average.
  averaged_runs(study, {"linear", "nrf"});
  std::filesystem::remove(study.file("both") + "/part-1.h5");
  CHECK_THROWS_AS(evaluated(study.file("both"), "test"), DataError);
}

TEST_CASE("average: the best settings of a sweep over kinds") {
  const SmallStudy study("{kind: linear, context: 3}", "{mode: independent, max_epochs: 2}");
  fit_into(study, "sweep",
           {"sweep={model: [{kind: linear, context: 3}, {kind: ln, context: 4}, {kind: nrf, "
            "hidden: 2, context: 3}]}",
            "fit.seeds=2"});
  BestRequest request;
  request.run = study.file("sweep");
  request.out = study.file("best");
  request.average = 2;
  request.threads = 1;
  Observer silent;
  const auto outcome = average_best(request, silent);
  REQUIRE(outcome.runs.size() == 2);
  CHECK(outcome.runs[0].members == 6);
  CHECK(test::contains(outcome.runs[0].run, ", setting "));
  CHECK(evaluated(study.file("best"), "test").scores.size() == 3);
  request.average = 4;
  CHECK_THROWS_WITH_AS(average_best(request, silent),
                       doctest::Contains("expected from 2 settings to the 3"), ConfigError);
}

}  // namespace
}  // namespace strffit
