#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands/best.hpp"
#include "commands/evaluate.hpp"
#include "commands/export_strfs.hpp"
#include "commands/inspect.hpp"
#include "commands/merge.hpp"
#include "commands/train.hpp"
#include "files/dimensions.hpp"
#include "files/reader.hpp"
#include "files/temporary_file.hpp"
#include "formats/checkpoint.hpp"
#include "formats/results.hpp"
#include "formats/study_file.hpp"
#include "study/config.hpp"
#include "support/h5_equal.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::differing;
using test::Paths;
using test::SmallStudy;
using test::Watcher;
namespace fs = std::filesystem;

TrainOutcome train_sweep(const SmallStudy& study, std::vector<std::string> assignments,
                         const std::string& shard = "", std::int64_t stop_at = -1) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = std::move(assignments);
  // A state after every epoch would be most of the time.
  request.assignments.emplace_back("output.checkpoint_every=1000");
  request.shard = shard;
  request.resume = true;
  Watcher watcher;
  watcher.stop_at = stop_at;
  return train_run(request, watcher);
}

const std::string kLn = "{kind: ln, context: 5}";
const std::string kFit = "{mode: independent, max_epochs: 6, patience: 3}";

TEST_CASE("sweep: settings side by side end as each would have alone, bit for bit") {
  // Reference: runs of one setting each. Chunks are of one setting, so even rounding agrees.
  const SmallStudy study(kLn, kFit, ", folds: 2");
  const std::string sweep =
      "sweep={fit.weight_decay: [0, 0.3], fit: {loss: [mse, huber], l1: [0, 0.01]}}";
  const auto outcome = train_sweep(study, {sweep});
  CHECK(outcome.members == 8 * 3 * 2);
  const auto all = read_checkpoint(study.run() + "/checkpoint.h5");
  CHECK(all.roster.settings.at("fit.loss") ==
        Paths{"mse", "mse", "huber", "huber", "mse", "mse", "huber", "huber"});
  CHECK(all.roster.settings.at("fit.weight_decay")[4] == "0.3");
  train_sweep(study, {"fit.weight_decay=0.3", "fit.loss=huber", "fit.l1=0.01",
                      "output.folder=" + study.file("alone")});
  const auto alone = read_checkpoint(study.file("alone") + "/checkpoint.h5");
  std::vector<std::int64_t> members;
  for (std::size_t m = 0; m < all.roster.members.size(); ++m) {
    if (all.roster.members[m].setting == 7) members.push_back(static_cast<std::int64_t>(m));
  }
  REQUIRE(members.size() == alone.roster.members.size());
  for (const auto& [name, tensor] : select_members(all.tensors, members)) {
    CAPTURE(name);
    CHECK(tensor.equal(alone.tensors.at(name)));
  }
}

TEST_CASE("sweep: other shapes are ensembles, each a run of its own; the best is marked") {
  const SmallStudy study(kLn, kFit);
  const auto outcome =
      train_sweep(study, {"sweep={model.context: [3, 7], fit.weight_decay: [0, 0.3]}"});
  REQUIRE(outcome.study);
  const Choice& choice = outcome.study->choice;
  REQUIRE(choice.valid.size() == 4);
  // Reference: the scores in the ensembles' own results.
  for (std::int64_t e = 0; e < 2; ++e) {
    const std::string folder = study.run() + "/ensemble-" + std::to_string(e);
    CAPTURE(folder);
    const auto results = read_results(folder + "/results.h5");
    CHECK(results.roster.members.size() == 6);
    const auto& values = results.metrics.at("valid").at("cc_norm").values;
    for (std::size_t s = 0; s < 2; ++s) {
      double sum = 0;
      for (std::size_t unit = 0; unit < 3; ++unit) sum += values[s * 3 + unit];
      CHECK(choice.valid[static_cast<std::size_t>(2 * e) + s] == doctest::Approx(sum / 3));
    }
    EvalRequest eval;
    eval.path = folder;
    Observer silent;
    CHECK(evaluate(eval, silent).scores.size() == 6);
    // Its own configuration repeats it.
    TrainRequest again;
    again.config = folder + "/config.yaml";
    again.assignments = {"output.folder=" + study.file("again" + std::to_string(e))};
    Watcher watcher;
    train_run(again, watcher);
    CHECK(differing(folder + "/checkpoint.h5",
                    study.file("again" + std::to_string(e)) + "/checkpoint.h5",
                    {"members/setting", "settings/fit.weight_decay", "settings/model.context"}) ==
          Paths{});
  }
  for (const double score : choice.valid) {
    CHECK(choice.valid[static_cast<std::size_t>(choice.best)] >= score);
  }
  const auto study_file = read_results(study.run() + "/study.h5");
  CHECK(study_file.metrics.at("test").at("cc").shape == Shape{12, 1});
  CHECK(train_sweep(study, {"sweep={model.context: [3, 7], fit.weight_decay: [0, 0.3]}"})
            .was_finished);
  EvalRequest whole;
  whole.path = study.run();
  Observer silent;
  CHECK_THROWS_WITH_AS(evaluate(whole, silent), doctest::Contains("several ensembles"), DataError);
}

TEST_CASE("sweep: stopped in any ensemble and resumed, and in shards, the same bit for bit") {
  const std::string sweep = "sweep={model.context: [3, 5], fit.weight_decay: [0, 0.3]}";
  const SmallStudy study(kLn, kFit, ", folds: 2");
  train_sweep(study, {sweep, "run.chunk=2", "output.folder=" + study.file("whole")});
  const auto check = [&](const std::string& folder) {
    for (const std::string e : {"/ensemble-0", "/ensemble-1"}) {
      CHECK(differing(folder + e + "/results.h5", study.file("whole") + e + "/results.h5",
                      {"history/seconds"}) == Paths{});
      CHECK(differing(folder + e + "/checkpoint.h5", study.file("whole") + e + "/checkpoint.h5") ==
            Paths{});
    }
    CHECK(differing(folder + "/study.h5", study.file("whole") + "/study.h5") == Paths{});
  };
  for (const std::int64_t stop_at : {2, 8}) {
    const std::string folder = study.file("stopped" + std::to_string(stop_at));
    const Paths to = {sweep, "run.chunk=2", "output.folder=" + folder};
    CHECK_THROWS_AS(train_sweep(study, to, "", stop_at), Stopped);
    CHECK_FALSE(fs::exists(folder + "/study.h5"));
    train_sweep(study, to);
    check(folder);
  }
  for (const char* shard : {"1/3", "2/3", "3/3"}) train_sweep(study, {sweep, "run.chunk=2"}, shard);
  Observer silent;
  const auto merged = merge_run({study.run(), "strffit merge"}, silent);
  CHECK(merged.members == 24);
  CHECK(merged.study->choice.valid.size() == 4);
  check(study.run());
}

TEST_CASE("sweep: over kinds of models, in shards and repeated, the same bit for bit") {
  // Each kind has keys and defaults of its own (fit.initialise, fit.learning_rate).
  const std::string sweep =
      "sweep={model: [{kind: ln, context: 5}, {kind: nrf, context: 5, hidden: 4}]}";
  const SmallStudy study(kLn, kFit);
  const std::string whole = study.file("whole");
  train_sweep(study, {sweep, "run.chunk=1", "output.folder=" + whole});
  const auto check = [&](const std::string& folder) {
    for (const std::string e : {"/ensemble-0", "/ensemble-1"}) {
      CHECK(differing(folder + e + "/checkpoint.h5", whole + e + "/checkpoint.h5") == Paths{});
    }
    CHECK(differing(folder + "/study.h5", whole + "/study.h5") == Paths{});
  };
  for (const char* shard : {"1/2", "2/2"}) train_sweep(study, {sweep, "run.chunk=1"}, shard);
  Observer silent;
  CHECK(merge_run({study.run(), "strffit merge"}, silent).members == 6);
  check(study.run());
  for (const auto& from : {whole, study.run()}) {
    TrainRequest again;
    again.config = from + "/config.yaml";
    again.assignments = {"output.folder=" + study.file("again")};
    again.overwrite = true;
    Watcher watcher;
    train_run(again, watcher);
    check(study.file("again"));
    const auto stored = [](const std::string& folder) {
      const std::string file = folder + "/config.yaml";
      return read_stored_config(test::read_text(file), file);
    };
    CHECK(differences(stored(study.file("again")), stored(whole), false) == Paths{});
  }
  CHECK(train_sweep(study, {sweep, "run.chunk=1", "output.folder=" + whole}).was_finished);
  cut_to_best({study.run(), study.file("best.h5"), false});
  CHECK(read_checkpoint(study.file("best.h5")).roster.members.size() == 3);
}

TEST_CASE("sweep: merged, a checkpoint has the model that was fitted, not that of the config") {
  const SmallStudy study(kLn, kFit);
  const std::string sweep = "sweep={model.context: [3], fit.l1: [0, 0.1]}";
  for (const char* shard : {"1/2", "2/2"}) train_sweep(study, {sweep, "run.chunk=1"}, shard);
  Observer silent;
  merge_run({study.run(), "strffit merge"}, silent);
  CHECK(read_checkpoint(study.run() + "/checkpoint.h5").model->context() == 3);
}

TEST_CASE("sweep: what cannot be swept, at its place") {
  const SmallStudy study(kLn, kFit);
  const auto refused = [&](const std::string& sweep, const std::string& message) {
    const std::string file = study.file("sweep.yaml");
    test::write_text(file, test::read_text(study.config()) + "sweep:\n" + sweep + "\n");
    TrainRequest request;
    request.config = file;
    Watcher watcher;
    CHECK_THROWS_WITH_AS(train_run(request, watcher), doctest::Contains(message.c_str()),
                         ConfigError);
  };
  refused("  fit.weight_decay: [0, -1]",
          "sweep.yaml:7:25: fit.weight_decay: must be at least 0; found -1");
  refused("  fit.weigth_decay: [0, 1]",
          "sweep.yaml:7:22: fit.weigth_decay: unknown key; did you mean \"weight_decay\"?");
  refused("  fit.weight_decay: 0", "7:3: fit.weight_decay: expected a list of values");
  refused("  fit.weight_decay: []",
          "7:3: fit.weight_decay: expected a list of values, such as [1, 2]; found an empty list");
  refused("  fit.l1: [0, 1]\n  fit.weight_decay: [0, 1, 0.0]",
          "8:28: fit.weight_decay: 0.0 is the same setting as 0");
  refused("  model: [{kind: ln, context: 9}, {kind: ln}]", "is the same setting as {kind: ln, co");
  refused("  fit.l1: [0]\n  model.kind: [ln, statenet]\n  model.cell: [gru]",
          "(in the setting fit.l1: 0, model.kind: ln, model.cell: gru of the sweep)");
  refused("  fit.seeds: [[0], [1]]", "cannot be swept");
  refused("  data.smooth_ms: [5, 10]", "cannot be swept");
  refused("  output.kernels: [true]", "cannot be swept");
  refused("  weight_decay: [0, 1e-2]",
          "weight_decay: unknown key; did you mean \"fit.weight_decay\"?");
  refused("  context: [3]", "unknown key; did you mean \"model.context\"?");
  refused("  fit.l1: [0]\n  fit: {l1: [1]}", "given twice");
  // On the command line all values have one place.
  CHECK_THROWS_WITH_AS(train_sweep(study, {"sweep={fit.l1: [0, 0.0]}"}),
                       doctest::Contains("0.0 is the same setting as 0"), ConfigError);
  CHECK_FALSE(fs::exists(study.run()));
}

TEST_CASE("sweep: eval and export-strfs take the best setting, from the folder and study.h5") {
  const SmallStudy study(kLn, kFit, ", folds: 2");
  const auto outcome =
      train_sweep(study, {"sweep={model.context: [3, 7], fit.weight_decay: [0, 0.3]}"});
  const auto best = outcome.study->choice.best;
  Observer silent;
  for (const auto& path : {study.run(), study.run() + "/study.h5"}) {
    CAPTURE(path);
    EvalRequest request;
    request.path = path;
    request.split = "test";
    request.threads = 1;
    const auto evaluation = evaluate_run(request, silent);
    CHECK(evaluation.scores.size() == 6);
    CHECK_FALSE(evaluation.several_settings);
    CHECK(evaluation.chosen.starts_with("setting " + std::to_string(best) + " ("));
    // Reference: the mean that the study gives of its best setting.
    CHECK(
        evaluation.summary[1].mean ==
        doctest::Approx(outcome.study->choice.test[static_cast<std::size_t>(best)]).epsilon(1e-5));
    ExportRequest strfs;
    strfs.path = path;
    strfs.out = study.file("strfs.h5");
    CHECK(export_strfs(strfs, silent).kernels == 6);
    CHECK(read_strfs(strfs.out).lags_ms.size() == (best < 2 ? 3 : 7));
  }
  const auto text = to_text(inspect(study.run()).report);
  CHECK(text.find("settings, by mean") != std::string::npos);
}

TEST_CASE("sweep: the closed form beside gradient descent of several seeds is fitted once") {
  const SmallStudy study("{kind: linear, context: 5}",
                         "{mode: independent, max_epochs: 2, seeds: [3, 4, 5]}");
  TrainRequest request;
  request.config = study.config();
  request.assignments = {"sweep={fit.solver: [gradient, ridge]}"};
  Watcher watcher;
  const auto outcome = train_run(request, watcher);
  CHECK(outcome.members == 9 + 3);
  const auto ridge = read_results(study.run() + "/ensemble-1/results.h5");
  CHECK(ridge.roster.members.size() == 3);
  CHECK(std::isfinite(outcome.study->choice.valid[1]));
}

TEST_CASE("nested: eval prints the nested score of each unit, inspect that of the run") {
  const SmallStudy study(kLn, kFit, ", nested: {outer: 2, inner: 2}");
  const auto outcome = train_sweep(study, {"sweep={fit.weight_decay: [0, 0.3]}"});
  const auto nested = *read_study_file(study.run() + "/study.h5").nested;
  Observer silent;
  EvalRequest request;
  request.path = study.run();
  const auto evaluation = evaluate_run(request, silent);
  const auto rows = unit_rows(evaluation);
  REQUIRE(rows.size() == 3);
  for (std::size_t unit = 0; unit < 3; ++unit) {
    CHECK(rows[unit].n == 2);
    CHECK(rows[unit].mean[1] == doctest::Approx(nested.mean.at("cc_norm").values[unit]));
    CHECK(rows[unit].sd[1] / std::sqrt(2) ==
          doctest::Approx(nested.error.at("cc_norm").values[unit]));
  }
  CHECK(to_text(to_report(evaluation)).find("means over 2 outer folds") != std::string::npos);
  const auto inspection = inspect(study.run());
  const auto json = nlohmann::json::parse(inspection.json);
  CHECK(json["nested"]["cc_norm"]["mean"].get<double>() ==
        doctest::Approx(outcome.study->nested.at("cc_norm").first));
  CHECK(to_text(inspection.report).find("not those of the run") != std::string::npos);
  ExportRequest strfs;
  strfs.path = study.run();
  strfs.out = study.file("strfs.h5");
  const auto exported = export_strfs(strfs, silent);
  CHECK(exported.kernels == 3 * 4);  // units, outer x inner folds
  CHECK(exported.chosen.starts_with("what each outer fold has chosen: setting "));
}

TEST_CASE("best: the checkpoint cut down to the best setting, of all or of each unit") {
  const SmallStudy study(kLn, kFit, ", folds: 2");
  const auto outcome =
      train_sweep(study, {"sweep={model.context: [3, 7], fit.weight_decay: [0, 0.3]}"});
  const Choice& choice = outcome.study->choice;
  const auto one = cut_to_best({study.run(), study.file("best.h5"), false});
  REQUIRE(one.files.size() == 1);
  const auto best = read_checkpoint(study.file("best.h5"));
  CHECK(best.roster.members.size() == 6);
  CHECK(best.model->context() == (choice.best < 2 ? 3 : 7));
  // Reference: evaluated anew, its mean is that of the choice.
  EvalRequest request;
  request.path = study.file("best.h5");
  request.split = "test";
  Observer silent;
  CHECK(evaluate(request, silent).summary[1].mean ==
        doctest::Approx(choice.test[static_cast<std::size_t>(choice.best)]).epsilon(1e-5));

  const auto each = cut_to_best({study.run(), study.file("each.h5"), true});
  std::int64_t members = 0;
  for (const auto& file : each.files) {
    const auto cut = read_checkpoint(file.path);
    for (const auto& member : cut.roster.members) {
      ++members;
      CHECK(member.setting == choice.unit[static_cast<std::size_t>(member.unit)]);
    }
  }
  CHECK(members == 6);
  CHECK_THROWS_WITH_AS(cut_to_best({study.file("absent"), "x.h5", false}),
                       doctest::Contains("with a sweep"), ConfigError);
}

TEST_CASE("nested: every stimulus is predicted once, by models that never saw it") {
  // Plants a leak: sound 0 has a response that nothing else has. Where it is not tested it may
  // change a model, where it is tested it must not: the prediction of sound 0 stays what it was.
  const Paths nested = {"data.nested={outer: 5, inner: 2}",
                        "sweep={fit.weight_decay: [0, 0.3], model.context: [3, 5]}"};
  const SmallStudy study(kLn, kFit);
  const auto outcome = train_sweep(study, nested);
  CHECK(outcome.members == 5 * 2 * 4 * 3);
  REQUIRE(outcome.study);
  CHECK(std::isfinite(outcome.study->nested.at("cc").first));
  CHECK(outcome.study->nested.at("cc").second > 0);

  auto leaking = test::small_recording().dataset;
  for (auto& value : leaking.stimuli[0].responses.values) value = 50 - value;
  write_dataset(study.data_file(), leaking);
  auto second = nested;
  second.push_back("output.folder=" + study.file("leaking"));
  train_sweep(study, second);

  const files::Reader before(study.run() + "/study.h5", {"strffit-results"}),
      after(study.file("leaking") + "/study.h5", {"strffit-results"});
  CHECK(files::names_but_scales(before, "/nested/predictions").size() == 10);
  const std::string own = "/nested/predictions/" + leaking.stimuli[0].key,
                    other = "/nested/predictions/" + leaking.stimuli[1].key;
  CHECK(before.floats(own).values == after.floats(own).values);
  CHECK(before.floats(other).values != after.floats(other).values);
  // The standardisation too: a sound as loud as nothing else moves that of the folds it trains in.
  for (auto& value : leaking.stimuli[0].spectrogram.values) value += 100;
  write_dataset(study.data_file(), leaking);
  auto third = nested;
  third.push_back("output.folder=" + study.file("loud"));
  train_sweep(study, third);
  const auto first = read_checkpoint(study.run() + "/ensemble-0/checkpoint.h5"),
             loud = read_checkpoint(study.file("loud") + "/ensemble-0/checkpoint.h5");
  for (std::size_t m = 0; m < first.roster.members.size(); ++m) {
    const auto fold = first.roster.members[m].fold;
    const bool trains =
        fold / 2 != 0 && first.standardisation[m].mean != loud.standardisation[m].mean;
    if (fold / 2 == 0) CHECK(first.standardisation[m].mean == loud.standardisation[m].mean);
    if (fold / 2 == 1) CHECK((trains || fold % 2 == 0));
  }
}

TEST_CASE("nested: population models choose one setting for all units; standard errors") {
  const SmallStudy study(kLn, "{max_epochs: 3}");
  const auto outcome = train_sweep(
      study, {"data.nested={outer: 2, inner: 2}", "sweep={fit.weight_decay: [0, 0.3]}"});
  const files::Reader file(study.run() + "/study.h5", {"strffit-results"});
  const auto chosen = file.integers("/nested/setting");
  REQUIRE(chosen.shape == Shape{2, 3});
  for (std::size_t i = 0; i < 6; ++i) CHECK(chosen.values[i] == chosen.values[i / 3 * 3]);
  // Reference: of two folds the standard error is half their difference.
  const auto cc = file.doubles("/nested/metrics/cc"),
             error = file.doubles("/nested/standard_error/cc");
  for (std::size_t unit = 0; unit < 3; ++unit) {
    CHECK(error.values[unit] ==
          doctest::Approx(std::abs(cc.values[unit] - cc.values[3 + unit]) / 2));
  }
  CHECK(outcome.study->outer == 2);
}

TEST_CASE("nested: what does not go with it") {
  const SmallStudy study(kLn, kFit);
  const auto refused = [&](const Paths& assignments, const char* message) {
    CHECK_THROWS_WITH_AS(train_sweep(study, assignments), doctest::Contains(message), ConfigError);
  };
  refused({"data.nested={outer: 5}", "data.folds=3"}, "data.folds");
  refused({"data.nested={outer: 5}", "data.split={test: 0.2}"}, "data.split");
  refused({"data.nested={outer: 1}"}, "expected 0, or 2 or more");
  refused({"data.nested={outer: 5, inner: 1}"}, "expected 2 or more");
  refused({"data.nested={outer: 11}"}, "expected from 2 to 10 outer folds");
  refused({"data.nested={outer: 2, inner: 6}"}, "one for each of the 5 stimuli");
}

}  // namespace
}  // namespace strffit
