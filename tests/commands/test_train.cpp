#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "commands/evaluate.hpp"
#include "commands/train.hpp"
#include "files/folder_lock.hpp"
#include "files/reader.hpp"
#include "files/temporary_file.hpp"
#include "formats/checkpoint.hpp"
#include "formats/last.hpp"
#include "formats/results.hpp"
#include "support/h5_edit.hpp"
#include "support/h5_equal.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::differences_of;
using test::Paths;
using test::SmallStudy;
using test::Watcher;
namespace fs = std::filesystem;

TrainRequest request_of(const SmallStudy& study, std::vector<std::string> assignments = {}) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = std::move(assignments);
  request.command_line = "strffit train";
  return request;
}

TrainOutcome trained_outcome(const SmallStudy& study, std::vector<std::string> assignments = {}) {
  Watcher watcher;
  return train_run(request_of(study, std::move(assignments)), watcher);
}

TEST_CASE("train: a unit without validation responses goes by its training loss, and is named") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, initialise: random, max_epochs: 8, patience: 5, "
                         "learning_rate: 0.01}");
  auto recording = test::small_recording();
  for (auto& stimulus : recording.dataset.stimuli) {
    if (stimulus.split != SplitName::valid) continue;
    const auto last = stimulus.responses.values.end();
    std::fill(last - stimulus.trials() * stimulus.frames(), last,
              std::numeric_limits<float>::quiet_NaN());
  }
  write_dataset(study.data_file(), recording.dataset, &recording.truth);
  Watcher watcher;
  train_run(request_of(study), watcher);
  CHECK(watcher.told.find("unit " + recording.dataset.unit_ids[2] +
                          ": constant responses, or none, to the validation stimuli") !=
        std::string::npos);
  CHECK(watcher.told.find("unit " + recording.dataset.unit_ids[1] + ":") == std::string::npos);
  const auto last = read_last(study.run() + "/last.h5").trainer;
  for (const auto& row : last.history.at("valid_loss")) {
    CHECK(std::isfinite(row[0]));
    CHECK(std::isnan(row[2]));
  }
  const auto& losses = last.history.at("train_loss");
  CHECK(losses.back()[2] < losses.front()[2]);
  CHECK(last.best_epoch[2] == 8);
  CHECK(last.best_score[2] == -losses.back()[2]);
}

TEST_CASE("train: a run folder holds what formats.md says") {
  const SmallStudy study;
  Watcher watcher;
  const auto outcome = train_run(request_of(study), watcher);
  CHECK(outcome.folder == study.run());
  CHECK(outcome.members == 3);
  CHECK(outcome.scores.size() == 3);
  CHECK(watcher.log == study.run() + "/train.log");
  CHECK_FALSE(watcher.appended);
  CHECK(watcher.told.find("sha256") != std::string::npos);
  for (const char* name : {"config.yaml", "results.h5", "checkpoint.h5", "last.h5"}) {
    CHECK(fs::exists(study.run() + "/" + name));
  }
  const auto results = read_results(study.run() + "/results.h5");
  CHECK(results.metrics.size() == 3);
  CHECK(results.metrics.at("test").at("cc").shape == Shape{3, 1});
  const auto predicted = predicted_stimuli(study.run() + "/results.h5");
  REQUIRE(predicted.size() == 2);
  const auto predictions = read_predictions(study.run() + "/results.h5", predicted.front());
  CHECK(predictions.dim(0) == 3);
  CHECK(predictions.dim(1) == 1);
  const auto strfs = read_strfs(study.run() + "/results.h5");
  REQUIRE(strfs.kernel);
  CHECK(strfs.kernel->fields.shape == Shape{3, 1, 1, 6, 5});
  CHECK(strfs.kernel->summary.at("latency_ms").shape == Shape{3, 1, 1});
  CHECK(strfs.frequencies_hz.size() == 6);
  CHECK(strfs.lags_ms.size() == 5);
  CHECK(results.status.size() == 3);
  CHECK(results.history.at("train_loss").size() ==
        static_cast<std::size_t>(
            *std::max_element(results.best_epoch.begin(), results.best_epoch.end())));
  const auto& from = results.provenance;
  for (const auto& text : {from.device, from.start, from.end, from.command_line,
                           from.dataset_sha256, results.config}) {
    CHECK(!text.empty());
  }
  for (const char* name :
       {"strffit_version", "libtorch_version", "blas_version", "blas_core", "host"}) {
    CHECK_MESSAGE(!from.written_by.at(name).empty(), name);
  }
}

TEST_CASE("train: from its own saved configuration it gives the same") {
  const SmallStudy study;
  trained_outcome(study);
  TrainRequest again;
  again.config = study.run() + "/config.yaml";
  again.assignments = {"output.folder=" + study.file("again")};
  Watcher watcher;
  train_run(again, watcher);
  CHECK(differences_of(study.run(), study.file("again")) == Paths{});
}

TEST_CASE("train: stopped after any epoch and resumed, the result is the same bit for bit") {
  for (const std::string fit :
       {"{mode: independent, max_epochs: 8, patience: 3}",
        "{mode: population, max_epochs: 8, schedule: plateau, schedule_patience: 1, seeds: [1, 2]}",
        "{mode: independent, max_epochs: 5, schedule: cosine, loss: poisson, initialise: "
        "random}"}) {
    CAPTURE(fit);
    const SmallStudy study("{kind: ln, context: 5, prefilter: {kind: adaptrans}, output: softplus}",
                           fit, ", folds: 2");
    trained_outcome(study);
    const std::string whole = study.file("whole");
    fs::rename(study.run(), whole);
    for (const std::int64_t stop_at : {0, 1, 3}) {
      CAPTURE(stop_at);
      fs::remove_all(study.run());
      Watcher stopping;
      stopping.stop_at = stop_at;
      CHECK_THROWS_AS(train_run(request_of(study), stopping), Stopped);
      CHECK_FALSE(fs::exists(study.run() + "/results.h5"));
      Watcher watcher;
      auto resume = request_of(study);
      resume.resume = true;
      train_run(resume, watcher);
      CHECK(watcher.appended);
      CHECK(differences_of(study.run(), whole) == Paths{});
    }
  }
}

TEST_CASE("train: a larger max_epochs goes on with a finished run as if it had been meant") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, max_epochs: 3, patience: 50}");
  trained_outcome(study, {"fit.max_epochs=6", "output.folder=" + study.file("whole")});
  trained_outcome(study);
  auto resume = request_of(study, {"fit.max_epochs=6"});
  resume.resume = true;
  Watcher watcher;
  CHECK(train_run(resume, watcher).epochs == 6);
  CHECK(differences_of(study.run(), study.file("whole")) == Paths{});
}

TEST_CASE("train: a closed form has no epochs to go on with") {
  const SmallStudy study("{kind: linear, context: 5}", "{solver: ridge}");
  CHECK(trained_outcome(study).epochs == 0);
  auto resume = request_of(study);
  resume.resume = true;
  Watcher watcher;
  CHECK(train_run(resume, watcher).epochs == 0);
  resume.assignments.emplace_back("fit.max_epochs=6");
  CHECK_THROWS_WITH_AS(train_run(resume, watcher),
                       doctest::Contains("fit.max_epochs=6 (command line): is for gradient"),
                       ConfigError);
}

TEST_CASE("train: after a refit the validation stimuli count as trained on") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 4}");
  trained_outcome(study, {"output.folder=" + study.file("plain")});
  const auto outcome = trained_outcome(study, {"fit.refit=true"});
  for (const auto& score : outcome.scores) CHECK(score.split != "valid");
  const files::Reader results(study.run() + "/results.h5", {"strffit-results"});
  CHECK(results.exists("/metrics/train"));
  CHECK_FALSE(results.exists("/metrics/valid"));
  CHECK(files::Reader(study.file("plain") + "/results.h5", {"strffit-results"})
            .exists("/metrics/valid"));
  EvalRequest request;
  request.path = study.run();
  request.split = "valid";
  Watcher watcher;
  CHECK_THROWS_WITH_AS(evaluate(request, watcher), doctest::Contains("fit.refit"), DataError);
  request.split = "train";
  CHECK(evaluate(request, watcher).stimuli > 0);

  auto resume = request_of(study, {"fit.refit=true", "fit.max_epochs=6"});
  resume.resume = true;
  CHECK_THROWS_WITH_AS(train_run(resume, watcher), doctest::Contains("fit.max_epochs"),
                       ConfigError);
  for (const std::string other :
       {"data.folds=2", "data.nested.outer=2", "sweep={fit.l2: [0, 1]}"}) {
    CAPTURE(other);
    const auto both = request_of(study, {"fit.refit=true", other});
    CHECK_THROWS_WITH_AS(train_run(both, watcher), doctest::Contains("fit.refit"), ConfigError);
  }
}

TEST_CASE("train: a stored configuration counts in any style, and a wrong value is named") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 3}");
  trained_outcome(study);
  EvalRequest request;
  request.path = study.run();
  request.split = "valid";
  Watcher watcher;
  CHECK(evaluate(request, watcher).stimuli > 0);
  const std::string checkpoint = study.run() + "/checkpoint.h5";
  const std::string rest =
      "model: {kind: ln, context: 5}\ndata: {file: " + study.data_file() + "}\n";
  for (const std::string fit :
       {"fit: {mode: independent, refit: true}", "fit:\n    refit:   True\n    mode: independent",
        "\"fit\": {\"refit\": true, mode: independent}"}) {
    CAPTURE(fit);
    test::H5Edit(checkpoint).text_attribute("config", rest + fit + "\n");
    CHECK_THROWS_WITH_AS(evaluate(request, watcher), doctest::Contains("fit.refit"), DataError);
  }
  test::H5Edit(checkpoint)
      .text_attribute("config", rest + "fit: {refit: perhaps, mode: independent}\n");
  CHECK_THROWS_WITH_AS(evaluate(request, watcher),
                       doctest::Contains("checkpoint.h5: / attribute config:3:7: fit.refit"),
                       ConfigError);

  const std::string last = study.run() + "/last.h5";
  const std::string config = read_last(last).config;
  auto resume = request_of(study, {"fit.max_epochs=4"});
  resume.resume = true;
  auto broken = config;
  broken.replace(broken.find("max_epochs: 3"), 13, "max_epochs: two");
  test::H5Edit(last).text_attribute("config", broken);
  CHECK_THROWS_WITH_AS(train_run(resume, watcher), doctest::Contains("last.h5: / attribute config"),
                       ConfigError);
  CHECK_THROWS_WITH_AS(train_run(resume, watcher), doctest::Contains("fit.max_epochs"),
                       ConfigError);
  // The same configuration in another style.
  auto spaced = config;
  spaced.replace(spaced.find("max_epochs: 3"), 13, "max_epochs:    3  # of them");
  test::H5Edit(last).text_attribute("config", spaced);
  CHECK(train_run(resume, watcher).epochs == 4);
}

TEST_CASE("train: TensorFloat-32 is refused where there is no GPU for it") {
  const SmallStudy study;
  CHECK_THROWS_WITH_AS(trained_outcome(study, {"run.tf32=true", "run.device=cpu"}),
                       doctest::Contains("run.tf32"), ConfigError);
  if (device_of({}).is_cpu()) {
    CHECK_THROWS_WITH_AS(trained_outcome(study, {"run.tf32=true", "run.device=auto"}),
                         doctest::Contains("run.tf32"), RunError);
  }
}

TEST_CASE("train: a folder with a run in it") {
  const SmallStudy study;
  trained_outcome(study);
  const std::string folder = study.run();
  Watcher watcher;

  SUBCASE("finished: refused, both choices named") {
    CHECK_THROWS_WITH_AS(
        train_run(request_of(study), watcher),
        (folder + ": holds a finished run: --overwrite starts it anew, --out DIR writes elsewhere "
                  "(--resume with a larger fit.max_epochs goes on)")
            .c_str(),
        ConfigError);
  }
  SUBCASE("finished: --resume has nothing to do and touches nothing") {
    const auto before = fs::last_write_time(folder + "/results.h5");
    auto resume = request_of(study);
    resume.resume = true;
    CHECK(train_run(resume, watcher).was_finished);
    CHECK(fs::last_write_time(folder + "/results.h5") == before);
    CHECK(watcher.log.empty());
    resume.assignments = {"data.file=data.h5"};  // beside the configuration
    CHECK(train_run(resume, watcher).was_finished);
    const auto other = test::small_recording(1);
    write_dataset(study.file("other.h5"), other.dataset, &other.truth);
    resume.assignments = {"data.file=" + study.file("other.h5")};
    CHECK_THROWS_WITH_AS(train_run(resume, watcher),
                         doctest::Contains("other.h5: is not what the run was begun with"),
                         DataError);
    CHECK(fs::last_write_time(folder + "/results.h5") == before);
  }
  SUBCASE("finished: --overwrite starts anew") {
    auto anew = request_of(study, {"fit.max_epochs=2"});
    anew.overwrite = true;
    CHECK(train_run(anew, watcher).epochs == 2);
    CHECK_FALSE(watcher.appended);
  }
  SUBCASE("unfinished: refused, both choices named") {
    fs::remove(folder + "/results.h5");
    CHECK_THROWS_WITH_AS(train_run(request_of(study), watcher),
                         (folder + ": holds an unfinished run: --resume goes on with it, "
                                   "--overwrite starts it anew")
                             .c_str(),
                         ConfigError);
  }
  SUBCASE("unfinished, nothing saved yet: --resume begins at the start") {
    for (const char* name : {"/results.h5", "/last.h5", "/checkpoint.h5"})
      fs::remove(folder + name);
    auto resume = request_of(study);
    resume.resume = true;
    CHECK(train_run(resume, watcher).epochs > 0);
    CHECK(watcher.told.find("begins at its start") != std::string::npos);
  }
  SUBCASE("resumed with another configuration: refused, the difference named") {
    fs::remove(folder + "/results.h5");
    auto resume = request_of(study, {"fit.patience=6"});
    resume.resume = true;
    CHECK_THROWS_WITH_AS(train_run(resume, watcher),
                         (folder + "/last.h5: was trained with another configuration, so it "
                                   "cannot go on with this one:\n  fit.patience: 5, now "
                                   "6\nUndo that, start anew with --overwrite, or write "
                                   "elsewhere with --out DIR")
                             .c_str(),
                         ConfigError);
  }
  SUBCASE("resumed with other data: refused") {
    fs::remove(folder + "/results.h5");
    write_dataset(study.data_file(), test::small_recording(1).dataset);
    auto resume = request_of(study);
    resume.resume = true;
    CHECK_THROWS_WITH_AS(train_run(resume, watcher),
                         doctest::Contains("is not what the run was begun with"), DataError);
  }
  SUBCASE("resumed with other threads: a warning") {
    fs::remove(folder + "/results.h5");
    auto resume = request_of(study, {"run.threads=2"});
    resume.resume = true;
    train_run(resume, watcher);
    CHECK(watcher.told.find("warning: run.threads: 1, now 2: the result may differ") !=
          std::string::npos);
  }
  SUBCASE("a torn state: refused by name, and not replaced") {
    fs::remove(folder + "/results.h5");
    fs::resize_file(folder + "/last.h5", fs::file_size(folder + "/last.h5") / 2);
    const auto size = fs::file_size(folder + "/last.h5");
    auto resume = request_of(study);
    resume.resume = true;
    CHECK_THROWS_WITH_AS(train_run(resume, watcher), doctest::Contains("last.h5"), DataError);
    CHECK(fs::file_size(folder + "/last.h5") == size);
  }
  SUBCASE("a state with a part missing: refused by path, and not replaced") {
    const char* part = nullptr;
    SUBCASE("a tensor") { part = "/tensors/current/strf/weight"; }
    SUBCASE("a best tensor") { part = "/tensors/best/strf/bias"; }
    SUBCASE("a history") { part = "/history/valid_cc"; }
    fs::remove(folder + "/results.h5");
    test::H5Edit(folder + "/last.h5").remove(part);
    auto resume = request_of(study);
    resume.resume = true;
    CHECK_THROWS_WITH_AS(train_run(resume, watcher),
                         doctest::Contains((folder + "/last.h5: " + part).c_str()), DataError);
    CHECK_FALSE(fs::exists(folder + "/results.h5"));
  }
  SUBCASE("in use: refused") {
    const files::FolderLock holder(folder);
    auto anew = request_of(study);
    anew.overwrite = true;
    CHECK_THROWS_WITH_AS(train_run(anew, watcher), doctest::Contains("is in use by process"),
                         RunError);
  }
}

TEST_CASE("train: bad data leave no folder behind") {
  const SmallStudy study;
  fs::resize_file(study.data_file(), 1000);
  CHECK_THROWS_AS(trained_outcome(study), DataError);
  CHECK_FALSE(fs::exists(study.run()));
}

TEST_CASE("train: a file in place of the folder") {
  const SmallStudy study;
  test::write_text(study.run(), "");
  CHECK_THROWS_WITH_AS(trained_outcome(study), doctest::Contains("cannot make the folder"),
                       RunError);
}

TEST_CASE("train: a unit that always responds the same is left out, and is NaN in the results") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 2}");
  auto recording = test::small_recording().dataset;
  for (auto& stimulus : recording.stimuli) {
    const auto size = stimulus.trials() * stimulus.frames();
    std::fill_n(stimulus.responses.values.begin() + size, size, 1.0F);
  }
  write_dataset(study.data_file(), recording);
  Watcher watcher;
  train_run(request_of(study), watcher);
  CHECK(watcher.told.find("warning: unit " + recording.unit_ids[1] + " is left out") !=
        std::string::npos);
  const auto results = read_results(study.run() + "/results.h5");
  const auto& cc = results.metrics.at("test").at("cc").values;
  CHECK(std::isfinite(cc[0]));
  CHECK(std::isnan(cc[1]));
  REQUIRE(results.roster.skipped.size() == 1);
  CHECK(results.roster.skipped[0].unit == 1);

  EvalRequest request;
  request.path = study.run();
  const auto evaluation = evaluate(request, watcher);
  CHECK(evaluation.summary[0].left_out == 1);
  CHECK(evaluation.scores[1].why.starts_with("not fitted: "));
}

TEST_CASE("train: the same sound on both sides of a split is told") {
  const SmallStudy study;
  auto recording = test::small_recording().dataset;
  recording.stimuli.back().spectrogram = recording.stimuli.front().spectrogram;
  write_dataset(study.data_file(), recording);
  Watcher watcher;
  train_run(request_of(study), watcher);
  CHECK(watcher.told.find("have the same spectrogram") != std::string::npos);
}

void keep_frames(Stimulus& stimulus, std::int64_t frames) {
  const auto kept = [frames](const Array<float>& all) {
    Shape shape = all.shape;
    shape.back() = frames;
    Array<float> part(shape);
    for (std::int64_t i = 0; i < part.size(); ++i) {
      part.data()[i] = all.data()[i / frames * all.shape.back() + i % frames];
    }
    return part;
  };
  stimulus.responses = kept(stimulus.responses);
  stimulus.spectrogram = kept(stimulus.spectrogram);
}

TEST_CASE("train: data that are too few for what is asked of them are told") {
  const SmallStudy study("{kind: linear, context: 100}", "{max_epochs: 1}");  // sounds: 120 frames
  auto recording = test::small_recording().dataset;
  for (auto& stimulus : recording.stimuli) {
    if (stimulus.split == SplitName::valid) stimulus.split = SplitName::train;
    if (stimulus.split == SplitName::test) keep_frames(stimulus, 60);
  }
  write_dataset(study.data_file(), recording);
  Watcher watcher;
  train_run(request_of(study), watcher);
  CHECK(watcher.told.find("warning: there are no validation stimuli") != std::string::npos);
  CHECK(watcher.told.find("warning: 2 of 10 stimuli are shorter than the model's context of 100 "
                          "frames") != std::string::npos);

  const SmallStudy too_long("{kind: linear, context: 121}");
  CHECK_THROWS_WITH_AS(train_run(request_of(too_long), watcher),
                       doctest::Contains("its longest stimulus has 120 frames, and the model looks "
                                         "back 121"),
                       DataError);

  const SmallStudy sound;
  Watcher silent;
  train_run(request_of(sound), silent);
  CHECK(silent.told.find("warning: there are") == std::string::npos);
  CHECK(silent.told.find("shorter than") == std::string::npos);
}

TEST_CASE("train: a kernel of more pieces than its points can need is refused with their number") {
  const auto refused = [](const std::string& kernel, const std::string& message) {
    CAPTURE(kernel);
    for (const std::string kind : {"linear, ", "nrf, hidden: 3, "}) {
      const SmallStudy study("{kind: " + kind + "context: 5, kernel: {kind: " + kernel + "}}",
                             "{max_epochs: 0}");  // 6 bands
      TrainObserver silent;
      CHECK_THROWS_WITH_AS(train_run(request_of(study), silent), doctest::Contains(message.c_str()),
                           ConfigError);
    }
  };
  refused(
      "separable, rank: 6",
      "model.kernel.rank: expected at most 5, the independent products that a kernel of 6 bands "
      "and 5 frames can hold; found 6");
  refused("separable, rank: 1000", "expected at most 5,");
  refused("dcls, gaussians: 31",
          "model.kernel.gaussians: expected at most 30, the points that a kernel of 6 bands and 5 "
          "frames can hold; found 31");
  const SmallStudy study("{kind: linear, context: 5, kernel: {kind: separable, rank: 5}}",
                         "{max_epochs: 1}");
  TrainObserver silent;
  CHECK_NOTHROW(train_run(request_of(study), silent));
}

TEST_CASE("train: a dry run says what it will take and writes nothing") {
  const SmallStudy study("{kind: linear, context: 5}",
                         "{mode: independent, seeds: [0, 1], max_epochs: 7}", ", folds: 2");
  Observer silent;
  const Estimate needs = dry_run(request_of(study), silent).needs;
  CHECK(needs.members == 3 * 2 * 2);
  CHECK(needs.parameters_per_member == 6 * 5 + 1);
  CHECK(needs.max_epochs == 7);
  CHECK(needs.seconds_per_epoch > 0);
  CHECK(needs.bytes > 0);
  CHECK_FALSE(fs::exists(study.run()));
}

}  // namespace
}  // namespace strffit
