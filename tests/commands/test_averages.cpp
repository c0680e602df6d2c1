// The mean of members' predictions in what commands write and tell. That the mean is the mean is
// tests/evaluation's.
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "commands/evaluate.hpp"
#include "commands/train.hpp"
#include "commands/train_report.hpp"
#include "evaluation/scoring.hpp"
#include "formats/averaged.hpp"
#include "formats/results.hpp"
#include "formats/study_file.hpp"
#include "metrics/significance.hpp"
#include "support/evaluated.hpp"
#include "support/near.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::evaluated;
using test::near;
using test::SmallStudy;

TrainOutcome fit_with(const SmallStudy& study, const std::vector<std::string>& assignments = {}) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = assignments;
  request.assignments.emplace_back("output.checkpoint_every=1000");
  test::Watcher watcher;
  return train_run(request, watcher);
}

const std::string kTwoSeeds = "{mode: independent, max_epochs: 2, seeds: 2}";

TEST_CASE("averages: of a run, the metrics of the mean of its members' predictions") {
  for (const char* mode : {"independent", "population"}) {
    CAPTURE(mode);
    const SmallStudy study(
        "{kind: ln, context: 4}",
        std::string("{max_epochs: 2, seeds: 3, initialise: random, mode: ") + mode + "}");
    const auto outcome = fit_with(study);
    const auto averaged = read_averaged(study.run() + "/results.h5");
    REQUIRE(averaged.has_value());
    CHECK(averaged->folds == std::vector<std::int64_t>{-1});
    CHECK(averaged->members.values == std::vector<std::int64_t>{3, 3, 3});
    // By hand from the members' stored predictions of the test sounds.
    const auto dataset = read_dataset(study.data_file());
    const auto stimuli = predicted_stimuli(study.run() + "/results.h5");
    REQUIRE(stimuli.size() == 2);
    for (std::int64_t unit = 0; unit < 3; ++unit) {
      std::vector<std::vector<float>> means;
      std::vector<std::size_t> places;
      for (const auto& key : stimuli) {
        for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
          if (dataset.stimuli[s].key == key) places.push_back(s);
        }
        const auto all = read_predictions(study.run() + "/results.h5", key);
        const auto T = all.dim(2);
        auto& mean = means.emplace_back(static_cast<std::size_t>(T), 0.0F);
        const auto stored = read_averaged_predictions(study.run() + "/results.h5", key);
        REQUIRE(stored.shape == Shape{1, 1, 3, T});
        for (std::int64_t t = 0; t < T; ++t) {
          double sum = 0;
          for (std::int64_t seed = 0; seed < 3; ++seed) {
            sum += static_cast<double>(all.data()[(seed * 3 + unit) * T + t]);
          }
          mean[static_cast<std::size_t>(t)] = static_cast<float>(sum / 3);
          // Tolerance: a mean of three in float32, of the same predictions.
          CHECK(static_cast<double>(stored.data()[unit * T + t]) == near(sum / 3, 1e-6, 1e-7));
        }
      }
      const std::vector<std::span<const float>> spans(means.begin(), means.end());
      const auto expected = unit_metrics(trials_of(dataset, unit, places), spans, false);
      const double found = averaged->joined("test", "cc_norm").at(static_cast<std::size_t>(unit));
      CHECK(found == near(expected.cc_norm, 1e-5));
    }
    REQUIRE(outcome.averaged.size() == 3);
    CHECK(outcome.averaged[2].split == "test");
    CHECK(outcome.averaged[2].cc_norm.mean ==
          near(summarise(averaged->joined("test", "cc_norm")).mean, 0));
    const auto text = to_text(to_report(outcome));
    CHECK(text.find("test, averaged") != std::string::npos);
    const auto json = nlohmann::json::parse(to_json(outcome));
    CHECK(json["averaged"]["test"]["mean_cc_norm"].get<double>() ==
          outcome.averaged[2].cc_norm.mean);
    // What eval finds in the checkpoint. Tolerance: members predicted in other company.
    for (const char* split : {"train", "valid", "test"}) {
      const auto evaluation = evaluated(study.run(), split);
      REQUIRE(evaluation.averaged.has_value());
      CHECK(evaluation.averaged->members == 3);
      REQUIRE(evaluation.averaged->scores.size() == 3);
      const auto stored = averaged->joined(split, "cc");
      for (std::size_t unit = 0; unit < 3; ++unit) {
        CHECK(evaluation.averaged->scores[unit].metrics.cc == near(stored[unit], 1e-5));
      }
    }
  }
}

TEST_CASE("averages: none where every unit has one member") {
  const SmallStudy study("{kind: linear, context: 4}", "{max_epochs: 1}");
  const auto outcome = fit_with(study);
  CHECK(outcome.averaged.empty());
  CHECK_FALSE(read_averaged(study.run() + "/results.h5").has_value());
  const auto evaluation = evaluated(study.run(), "test");
  CHECK_FALSE(evaluation.averaged.has_value());
  CHECK(to_json(evaluation).find("averaged") == std::string::npos);
  CHECK(to_json(outcome).find("averaged") == std::string::npos);
}

TEST_CASE("averages: of folds every sound that does not test has an out-of-fold score") {
  const SmallStudy study("{kind: linear, context: 4}",
                         "{mode: independent, max_epochs: 2, initialise: random, seeds: 2}",
                         ", folds: 4");
  fit_with(study, {"output.predictions=all"});
  const auto file = study.run() + "/results.h5";
  const auto averaged = read_averaged(file);
  REQUIRE(averaged.has_value());
  CHECK(averaged->folds == std::vector<std::int64_t>{-1, 0, 1, 2, 3});
  const auto evaluation = evaluated(study.run(), "valid");
  CHECK(evaluation.stimuli == 8);  // all but the two that test
  REQUIRE(evaluation.averaged.has_value());
  for (std::size_t unit = 0; unit < 3; ++unit) {
    // Tolerance: as above.
    CHECK(evaluation.averaged->scores[unit].metrics.mse ==
          near(averaged->joined("valid", "mse")[unit], 1e-5));
  }
  // With one seed the joined predictions of the folds are the average.
  const SmallStudy one("{kind: linear, context: 4}",
                       "{mode: independent, max_epochs: 2, initialise: random}", ", folds: 4");
  fit_with(one);
  const auto joined = evaluated(one.run(), "valid");
  REQUIRE(joined.averaged.has_value());
  for (std::size_t unit = 0; unit < 3; ++unit) {
    CHECK(joined.averaged->scores[unit].metrics.cc == near(joined.scores[unit].metrics.cc, 1e-6));
  }
  // All stimuli: those that test by all members, the others out of fold. In another file nobody saw
  // any.
  const auto everything = evaluated(study.run(), "all");
  CHECK(everything.averaged->scores[0].metrics.mse !=
        near(evaluated(study.run(), "train").averaged->scores[0].metrics.mse, 1e-9));
  write_dataset(study.file("other.h5"), test::small_recording(7).dataset);
  CHECK(evaluated(study.run(), "all", study.file("other.h5")).averaged->members == 8);
}

TEST_CASE("averages: settings of a sweep are an axis, in each ensemble and in the study's file") {
  const SmallStudy study("{kind: ln, context: 3}", kTwoSeeds);
  fit_with(study, {"sweep={model.context: [3, 5], fit.weight_decay: [0, 0.5]}"});
  const auto first = read_averaged(study.run() + "/ensemble-0/results.h5");
  const auto second = read_averaged(study.run() + "/ensemble-1/results.h5");
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(first->members.shape == Shape{2, 1, 3});
  const auto whole = read_study_file(study.run() + "/study.h5").averaged;
  REQUIRE(whole.has_value());
  CHECK(whole->members.shape == Shape{4, 1, 3});
  auto settings = first->settings;
  settings.insert(settings.end(), second->settings.begin(), second->settings.end());
  CHECK(whole->settings == settings);
  auto scores = first->joined("test", "cc");
  for (const double score : second->joined("test", "cc")) scores.push_back(score);
  CHECK(whole->joined("test", "cc") == scores);
}

TEST_CASE("averages: in eval's table, CSV and JSON, with a null distribution of their own") {
  const SmallStudy study("{kind: ln, context: 5}", kTwoSeeds);
  fit_with(study);
  EvalRequest request;
  request.path = study.run();
  request.threads = 1;
  request.null = 99;
  Observer silent;
  const auto evaluation = evaluate(request, silent);
  REQUIRE(evaluation.averaged.has_value());
  std::vector<double> p;
  for (const auto& score : evaluation.averaged->scores) {
    p.push_back(score.null.p);
    CHECK(score.null.sd > 0);
  }
  const auto q = false_discovery_rates(p);
  for (std::size_t unit = 0; unit < 3; ++unit)
    CHECK(evaluation.averaged->scores[unit].q == q[unit]);
  const auto json = nlohmann::json::parse(to_json(evaluation));
  CHECK(json["averaged"]["members"] == 2);
  CHECK(json["averaged"]["scores"].size() == 3);
  CHECK(json["averaged"]["scores"][2]["q"].get<double>() == q[2]);
  CHECK(json["averaged"]["summary"]["cc"]["mean"].get<double>() ==
        evaluation.averaged->summary[0].mean);
  CHECK(json["scores"].size() == 6);
  const auto text = to_text(to_report(evaluation));
  CHECK(text.find("the mean of 2 members' predictions") != std::string::npos);
  const auto csv = to_csv(to_table(evaluation));
  CHECK(csv.starts_with("unit,seed,cc,"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 6 + 3);
  CHECK(csv.find(",averaged,") != std::string::npos);
}

TEST_CASE("averages: a number of seeds is short for their list") {
  const SmallStudy study("{kind: linear, context: 3}", "{max_epochs: 1}");
  fit_with(study, {"fit.seeds=3"});
  const auto results = read_results(study.run() + "/results.h5");
  REQUIRE(results.roster.members.size() == 3);
  for (std::int64_t seed = 0; seed < 3; ++seed) {
    CHECK(results.roster.members[static_cast<std::size_t>(seed)].seed == seed);
  }
  // What repeats the run says all of them, and a run goes on with either.
  CHECK(test::read_text(study.run() + "/config.yaml").find("seeds: [0, 1, 2]") !=
        std::string::npos);
  TrainRequest again;
  again.config = study.config();
  again.assignments = {"fit.seeds=[0, 1, 2]", "output.checkpoint_every=1000"};
  again.resume = true;
  test::Watcher watcher;
  CHECK(train_run(again, watcher).was_finished);
}

}  // namespace
}  // namespace strffit
