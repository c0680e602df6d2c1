#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "commands/evaluate.hpp"
#include "commands/train.hpp"
#include "evaluation/fitted.hpp"
#include "evaluation/scoring.hpp"
#include "formats/checkpoint.hpp"
#include "formats/results.hpp"
#include "metrics/significance.hpp"
#include "support/evaluated.hpp"
#include "support/near.hpp"
#include "support/small_study.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::evaluated;
using test::near;
using test::SmallStudy;

void train_quietly(const SmallStudy& study) {
  TrainRequest request;
  request.config = study.config();
  TrainObserver silent;
  train_run(request, silent);
}

// (M, N, T) of all members.
Array<float> predicted_of(const Checkpoint& checkpoint, const Stimulus& stimulus) {
  Array<float> all({static_cast<std::int64_t>(checkpoint.roster.members.size()),
                    checkpoint.roster.outputs(), stimulus.frames()});
  checkpoint.predict_in_blocks(stimulus.spectrogram, run_options("cpu", 1),
                               [&](std::int64_t first, const Array<float>& block) {
                                 std::copy(block.values.begin(), block.values.end(),
                                           all.data() + first * all.dim(1) * all.dim(2));
                               });
  return all;
}

TEST_CASE("eval: the scores of a run are those of its results") {
  for (const char* mode : {"population", "independent"}) {
    const SmallStudy study("{kind: ln, context: 5}",
                           std::string("{max_epochs: 2, mode: ") + mode + "}");
    train_quietly(study);
    const auto results = read_results(study.run() + "/results.h5");
    for (const char* split : {"train", "valid", "test"}) {
      const auto evaluation = evaluated(study.run(), split);
      REQUIRE(evaluation.scores.size() == 3);
      for (std::size_t unit = 0; unit < 3; ++unit) {
        for (const auto& metric : kUnitMetrics) {
          const double stored = results.metrics.at(split).at(std::string(metric.name)).values[unit];
          CHECK(evaluation.scores[unit].metrics.*metric.value == near(stored, 0));
        }
      }
    }
  }
}

TEST_CASE("eval: on the held-out stimuli of all folds, a unit's score is that of all predictions") {
  const SmallStudy study("{kind: linear, context: 5}",
                         "{mode: independent, max_epochs: 1, seeds: [3, 4]}", ", folds: 3");
  train_quietly(study);
  const auto evaluation = evaluated(study.run(), "valid");
  REQUIRE(evaluation.scores.size() == 2 * 3);  // seeds x units
  CHECK(evaluation.stimuli == 8);              // all but the two that test
  CHECK(evaluation.several_seeds);
  CHECK_FALSE(evaluation.several_folds);

  // The same by hand for the last unit of the second seed: members are folds x seeds x units.
  const auto checkpoint = read_checkpoint(study.run() + "/checkpoint.h5");
  const auto dataset = read_dataset(study.data_file());
  const auto options = data_options_of(checkpoint);
  const auto parts = partitions(dataset, options.split);
  std::vector<std::size_t> stimuli;
  std::vector<std::vector<float>> predicted;
  for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
    for (std::size_t fold = 0; fold < 3; ++fold) {
      const auto& valid = parts[fold].valid;
      if (std::find(valid.begin(), valid.end(), s) == valid.end()) continue;
      const auto values = predicted_of(checkpoint, dataset.stimuli[s]);
      const auto member = static_cast<std::int64_t>(fold) * 6 + 3 + 2;
      CHECK(checkpoint.roster.members[static_cast<std::size_t>(member)].seed == 4);
      const auto begin = values.values.begin() + member * values.dim(2);
      stimuli.push_back(s);
      predicted.emplace_back(begin, begin + values.dim(2));
    }
  }
  const std::vector<std::span<const float>> spans(predicted.begin(), predicted.end());
  const auto expected = unit_metrics(trials_of(dataset, 2, stimuli), spans, false);
  CHECK(evaluation.scores[5].metrics.cc == near(expected.cc, 0));
  CHECK(evaluation.scores[5].metrics.cc_norm == near(expected.cc_norm, 0));
  CHECK(evaluation.scores[5].seed == 4);
}

TEST_CASE("eval: every stimulus, whatever its split, and a dataset without splits") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  train_quietly(study);
  CHECK(evaluated(study.run(), "all").stimuli == 10);
  auto other = test::small_recording(7).dataset;
  for (auto& stimulus : other.stimuli) stimulus.split.reset();
  write_dataset(study.file("other.h5"), other);
  CHECK(evaluated(study.run(), "all", study.file("other.h5")).stimuli == 10);
  CHECK_THROWS_WITH_AS(evaluated(study.run(), "test", study.file("other.h5")),
                       doctest::Contains("no stimulus says which split it is in; --split all"),
                       DataError);
}

TEST_CASE("eval: units in another order are found by their ids") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  train_quietly(study);
  auto turned = test::small_recording().dataset;
  std::swap(turned.unit_ids[0], turned.unit_ids[2]);
  turned.all_unit_ids = turned.unit_ids;
  for (auto& stimulus : turned.stimuli) {
    const auto size = stimulus.trials() * stimulus.frames();
    std::swap_ranges(stimulus.responses.values.begin(), stimulus.responses.values.begin() + size,
                     stimulus.responses.values.begin() + 2 * size);
  }
  write_dataset(study.file("turned.h5"), turned);
  const auto straight = evaluated(study.run(), "test");
  const auto found = evaluated(study.run(), "test", study.file("turned.h5"));
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(found.scores[i].unit == straight.scores[i].unit);
    CHECK(found.scores[i].metrics.cc == near(straight.scores[i].metrics.cc, 0));
  }
}

TEST_CASE("eval: what is refused") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  train_quietly(study);
  const auto refuses = [&](const char* message, auto change) {
    auto simulation = test::small_recording();
    change(simulation.dataset);
    write_dataset(study.file("other.h5"), simulation.dataset);
    CHECK_THROWS_WITH_AS(evaluated(study.run(), "all", study.file("other.h5")),
                         doctest::Contains(message), DataError);
  };
  refuses("/units/id", [](Dataset& d) { d.unit_ids[1] = d.all_unit_ids[1] = "stranger"; });
  refuses("/ attribute dt_ms: expected the 5 ms", [](Dataset& d) { d.axes.dt_ms = 4; });
  refuses("/frequencies_hz: expected the 6 bands",
          [](Dataset& d) { d.axes.frequencies_hz[2] *= 1.01; });
  CHECK_THROWS_WITH_AS(evaluated(study.run(), "tests"),
                       "--split: expected train, valid, test or all; found \"tests\"", ConfigError);
  std::filesystem::rename(study.data_file(), study.file("moved.h5"));
  CHECK_THROWS_WITH_AS(evaluated(study.run(), "test"), doctest::Contains("--data FILE"), DataError);
  CHECK(evaluated(study.run(), "test", study.file("moved.h5")).scores.size() == 3);
  std::filesystem::remove(study.run() + "/checkpoint.h5");
  CHECK_THROWS_WITH_AS(evaluated(study.run(), "test"), doctest::Contains("no checkpoint.h5"),
                       DataError);
}

TEST_CASE("eval: as table, JSON and CSV") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  train_quietly(study);
  auto evaluation = evaluated(study.run(), "test");
  evaluation.scores[1].metrics.cc = NAN;
  evaluation.scores[1].why = "because";
  const auto json = nlohmann::json::parse(to_json(evaluation));
  CHECK(json["scores"].size() == 3);
  CHECK(json["scores"][1]["cc"].is_null());
  CHECK(json["scores"][0]["cc"].get<double>() == evaluation.scores[0].metrics.cc);
  CHECK(json["summary"].size() == kUnitMetrics.size());
  const auto text = to_text(to_report(evaluation));
  for (const char* word : {"lower quartile", "median", "upper quartile",
                           "bits_per_spike: this model can", "undefined (because): "}) {
    CHECK_MESSAGE(text.find(word) != std::string::npos, word);
  }
  const auto csv = to_csv(to_table(evaluation));
  CHECK(csv.starts_with("unit,cc,cc_norm,"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
}

TEST_CASE("eval: a row a unit, with mean and standard deviation over seeds and folds") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, max_epochs: 2, seeds: [0, 1]}", ", folds: 2");
  train_quietly(study);
  auto evaluation = evaluated(study.run(), "test");
  REQUIRE(evaluation.scores.size() == 12);
  const auto rows = unit_rows(evaluation);
  REQUIRE(rows.size() == 3);
  for (std::size_t unit = 0; unit < 3; ++unit) {
    CHECK(rows[unit].unit == evaluation.scores[unit].unit);
    CHECK(rows[unit].n == 4);
    double sum = 0, squares = 0;
    for (std::size_t i = unit; i < 12; i += 3) sum += evaluation.scores[i].metrics.cc_norm;
    for (std::size_t i = unit; i < 12; i += 3) {
      squares += std::pow(evaluation.scores[i].metrics.cc_norm - sum / 4, 2);
    }
    CHECK(rows[unit].mean[1] == near(sum / 4, 1e-12));
    CHECK(rows[unit].sd[1] == near(std::sqrt(squares / 3), 1e-9));
  }
  CHECK(evaluation.summary[1].count == 3);
  const auto csv = to_csv(to_table(evaluation, {{"cc_norm", "cc"}}));
  CHECK(csv.starts_with("unit,n,cc_norm,cc_norm_sd,cc,cc_sd,why_undefined\n"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 3 + 3);  // and of the mean prediction
  const auto text = to_text(to_report(evaluation));
  CHECK(text.find("means over 2 seeds and 2 folds") != std::string::npos);
  CHECK(text.find(" of 3 units are predicted as well as can be") != std::string::npos);
  CHECK(nlohmann::json::parse(to_json(evaluation))["units"].size() == 3);
  evaluation.by = EvalBy::member;
  CHECK(to_csv(to_table(evaluation)).starts_with("unit,seed,fold,cc,"));
}

TEST_CASE("eval: some units, some metrics, sorted, and the summary alone") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  train_quietly(study);
  EvalRequest request;
  request.path = study.run();
  request.threads = 1;
  request.units = {"unit_3", "0-0"};
  Observer silent;
  const auto some = evaluate(request, silent);
  REQUIRE(some.scores.size() == 2);
  CHECK(some.scores[0].unit == "unit_1");
  CHECK(some.scores[1].unit == "unit_3");
  CHECK(to_text(to_report(some)).find("2 units of 3") != std::string::npos);
  request.units = {"unit_9"};
  CHECK_THROWS_WITH_AS(evaluate(request, silent), doctest::Contains("--units"), ConfigError);

  auto evaluation = evaluated(study.run(), "test");
  for (const auto& [metric, best] : {std::pair{"cc", true}, std::pair{"mse", false}}) {
    const auto table = to_table(evaluation, {{metric}, metric});
    for (std::size_t i = 1; i < table.rows.size(); ++i) {
      const double before = std::stod(table.rows[i - 1][1]), after = std::stod(table.rows[i][1]);
      CHECK((best ? before >= after : before <= after));
    }
  }
  const auto summary = to_report(evaluation, {{}, "", true});
  CHECK(summary.tables.size() == 1);
  CHECK_THROWS_WITH_AS(
      to_report(evaluation, {{"cc_nrm"}}),
      doctest::Contains("--metrics: no metric \"cc_nrm\"; did you mean \"cc_norm\"?"), ConfigError);
  CHECK_THROWS_AS(eval_by("sounds"), ConfigError);
}

TEST_CASE("eval: by sound and by category, each score that of these stimuli alone") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 2}");
  auto data = test::small_recording().dataset;
  for (std::size_t s = 0; s < data.stimuli.size(); ++s) {
    data.stimuli[s].category = s % 2 == 0 ? "speech" : "";
  }
  write_dataset(study.data_file(), data);
  train_quietly(study);
  EvalRequest request;
  request.path = study.run();
  request.threads = 1;
  request.split = "all";
  request.by = EvalBy::sound;
  Observer silent;
  const auto sounds = evaluate(request, silent);
  REQUIRE(sounds.scores.size() == 3 * 10);
  // Reference: the metrics of the predictions for that sound.
  const auto checkpoint = read_checkpoint(study.run() + "/checkpoint.h5");
  const auto dataset = read_dataset(study.data_file());
  for (const auto& score : sounds.scores) {
    if (score.unit != "unit_2") continue;
    const auto s = stimulus_of(dataset, score.group);
    const auto values = predicted_of(checkpoint, dataset.stimuli[s]);
    const std::span<const float> own(values.data() + values.dim(2),
                                     static_cast<std::size_t>(values.dim(2)));
    const std::vector<std::span<const float>> predictions = {own};
    CHECK(score.metrics.cc_norm ==
          near(unit_metrics(trials_of(dataset, 1, {s}), predictions, false).cc_norm, 1e-6));
  }
  const auto csv = to_csv(to_table(sounds));
  CHECK(csv.starts_with("sound,unit,cc,"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 31);
  CHECK(to_report(sounds).tables[1].rows.size() == 10);
  request.by = EvalBy::category;
  const auto categories = evaluate(request, silent);
  CHECK(categories.scores.size() == 3 * 2);
  const auto json = nlohmann::json::parse(to_json(categories));
  CHECK(json["groups"].size() == 2);
  CHECK(json["groups"][0]["category"] == "(no category)");
  CHECK(json["groups"][1]["category"] == "speech");
  CHECK(json["stimuli"] == 10);
  request.null = 9;
  CHECK_THROWS_WITH_AS(evaluate(request, silent), doctest::Contains("--null"), ConfigError);
}

TEST_CASE("eval: a null distribution gives p and q, in every form") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, max_epochs: 3, seeds: [0, 1]}");
  train_quietly(study);
  EvalRequest request;
  request.path = study.run();
  request.threads = 1;
  request.null = 99;
  Observer silent;
  const auto evaluation = evaluate(request, silent);
  CHECK(evaluation.null.min_shift == 5 + 20);  // context, and 100 ms of 5 ms
  const auto plain = evaluated(study.run(), "test");
  for (std::size_t seed = 0; seed < 2; ++seed) {
    std::vector<double> p;
    for (std::size_t unit = 0; unit < 3; ++unit) {
      const auto& score = evaluation.scores[seed * 3 + unit];
      CHECK(score.metrics.cc == plain.scores[seed * 3 + unit].metrics.cc);
      CHECK(std::abs(score.null.mean) < 0.3);
      CHECK(score.null.sd > 0);
      p.push_back(score.null.p);
    }
    // Each seed is a study of its own.
    const auto q = false_discovery_rates(p);
    for (std::size_t unit = 0; unit < 3; ++unit) {
      CHECK(evaluation.scores[seed * 3 + unit].q == q[unit]);
    }
  }
  // The same of the definition, for one.
  const auto checkpoint = read_checkpoint(study.run() + "/checkpoint.h5");
  const auto dataset = read_dataset(study.data_file());
  const auto parts = partitions(dataset, data_options_of(checkpoint).split);
  std::map<std::size_t, Array<float>> all;
  std::vector<std::span<const float>> predictions;
  for (const auto s : parts[0].test) {
    const auto& values = all[s] = predicted_of(checkpoint, dataset.stimuli[s]);
    const auto frames = static_cast<std::size_t>(values.dim(2));
    predictions.push_back(std::span(values.values).subspan(1 * frames, frames));
  }
  const auto trials = trials_of(dataset, 1, parts[0].test);
  CHECK(evaluation.scores[1].null.p ==
        null_correlation(trials, predictions, parts[0].test, {99, 25, 0}).p);

  CHECK(to_csv(to_table(evaluation)).find(",null_cc_mean,null_cc_sd,p,q,why") != std::string::npos);
  const auto json = nlohmann::json::parse(to_json(evaluation));
  CHECK(json["null"]["draws"] == 99);
  CHECK(json["scores"][4]["q"].get<double>() == evaluation.scores[4].q);
  CHECK(to_text(to_report(evaluation)).find("of 6 scores have q <= 0.05") != std::string::npos);
  CHECK(to_json(plain).find("null_cc") == std::string::npos);

  request.null = 6000;  // two stimuli of 120 frames: 71 shifts each
  CHECK_THROWS_WITH_AS(evaluate(request, silent), doctest::Contains("only 5041 different shifts"),
                       ConfigError);
}

TEST_CASE("eval: stimuli too short to be shifted are named") {
  const SmallStudy study("{kind: linear, context: 50}", "{max_epochs: 1}");
  train_quietly(study);
  EvalRequest request;
  request.path = study.run();
  request.threads = 1;
  request.null = 10;
  Observer silent;
  CHECK_THROWS_WITH_AS(evaluate(request, silent),
                       doctest::Contains("has 120 frames: to shift its responses by at least 70"),
                       ConfigError);
}

TEST_CASE("scoring: units that were skipped are NaN, however good their predictions look") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  train_quietly(study);
  auto checkpoint = read_checkpoint(study.run() + "/checkpoint.h5");
  checkpoint.roster.skipped = {{1, "test"}};
  const auto dataset = read_dataset(study.data_file());
  const auto values = predicted_of(checkpoint, dataset.stimuli[0]);  // (1, 3, T)
  for (std::int64_t t = 0; t < values.dim(2); ++t) {
    CHECK(std::isfinite(values.values[static_cast<std::size_t>(t)]));
    CHECK(std::isnan(values.values[static_cast<std::size_t>(values.dim(2) + t)]));
  }
  const ScoringData data{&dataset, {0, 1, 2}, false, run_options("cpu", 1)};
  const auto scores = score(checkpoint, data, series_of_all(checkpoint.roster, dataset));
  CHECK(std::isfinite(scores[0].cc));
  CHECK(std::isnan(scores[1].cc));
  CHECK(std::isnan(scores[1].signal_power));
}

}  // namespace
}  // namespace strffit
