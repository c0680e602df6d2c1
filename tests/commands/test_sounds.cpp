// Sounds that nobody has recorded, and recordings of which nothing trains.
#include <nlohmann/json.hpp>

#include "commands/evaluate.hpp"
#include "commands/export_strfs.hpp"
#include "commands/inspect.hpp"
#include "commands/predict.hpp"
#include "commands/train.hpp"
#include "files/reader.hpp"
#include "formats/results.hpp"
#include "support/evaluated.hpp"
#include "support/messages.hpp"
#include "support/small_study.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::contains;
using test::error_of;
using test::evaluated;
using test::SmallStudy;

struct Listening : TrainObserver {
  void warning(const std::string& what) override { said += what + "\n"; }
  std::string said;
};

void fit(const SmallStudy& study, TrainObserver& observer) {
  TrainRequest request;
  request.config = study.config();
  train_run(request, observer);
}

void fit(const SmallStudy& study) {
  TrainObserver silent;
  fit(study, silent);
}

void without_responses(Stimulus& stimulus) { stimulus.responses = Array<float>({3, 0, 0}); }

std::string predicted(const SmallStudy& study, const std::string& data, const std::string& name) {
  PredictRequest request;
  request.path = study.run();
  request.data = study.file(data);
  request.out = study.file(name);
  request.device = "cpu";
  request.threads = 1;
  Observer silent;
  predict_file(request, silent);
  return request.out;
}

TEST_CASE(
    "sounds without responses are predicted, and their gradient fields written, as with them") {
  const SmallStudy study("{kind: ln, context: 5}", "{max_epochs: 1}");
  fit(study);
  auto recorded = test::small_recording(5).dataset;
  write_dataset(study.file("recorded.h5"), recorded);
  auto sounds = recorded;
  for (auto& stimulus : sounds.stimuli) without_responses(stimulus);
  write_dataset(study.file("with_units.h5"), sounds);
  sounds.unit_ids.clear();
  sounds.unit_facts.clear();
  write_dataset(study.file("sounds.h5"), sounds);

  const files::Reader expected(predicted(study, "recorded.h5", "p0.h5"), {"strffit-results"});
  for (const char* data : {"with_units.h5", "sounds.h5"}) {
    const files::Reader found(predicted(study, data, std::string("p_") + data),
                              {"strffit-results"});
    CHECK(found.strings("/units/id").values == recorded.unit_ids);
    for (const auto& stimulus : recorded.stimuli) {
      const std::string path = "/predictions/" + stimulus.key;
      CHECK(found.floats(path, {{1, 3, stimulus.frames()}}).values == expected.floats(path).values);
    }
    ExportRequest request;
    request.path = study.run();
    request.data = study.file(data);
    request.out = study.file(std::string("s_") + data);
    request.gradient = true;
    request.dynamic = {recorded.stimuli[0].key};
    request.threads = 1;
    Observer silent;
    CHECK(export_strfs(request, silent).gradients == 3);

    const auto inspection = inspect(study.file(data));
    CHECK(inspection.report.notes ==
          std::vector<std::string>{
              "sounds without responses: good for predict and export-strfs --gradient"});
    const auto json = nlohmann::json::parse(inspection.json);
    CHECK(json["stimuli"].size() == 10);
    CHECK(json["stimuli"][0]["trials"] == 0);
    CHECK(json["stimuli"][0]["missing"].is_null());

    const std::string why = "expected responses; found stimuli without responses: predict";
    CHECK(contains(error_of<DataError>([&] { evaluated(study.run(), "all", study.file(data)); }),
                   why));
    TrainRequest train;
    train.config = study.config();
    train.assignments = {"data.file=" + study.file(data), "output.folder=" + study.file("other")};
    TrainObserver quiet;
    CHECK(contains(error_of<DataError>([&] { train_run(train, quiet); }), why));
  }
}

TEST_CASE("stimuli without responses are no part of fit and scores, and named") {
  // Fractions and folds count the others alone, in train and in eval.
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}",
                         ", split: {valid: 0.25, test: 0.25}");
  auto dataset = test::small_recording().dataset;
  without_responses(dataset.stimuli[1]);
  without_responses(dataset.stimuli[4]);
  write_dataset(study.data_file(), dataset);
  Listening observer;
  fit(study, observer);
  const std::string named = "2 stimuli of " + study.data_file() +
                            " have no responses and are left out: " + dataset.stimuli[1].key +
                            ", " + dataset.stimuli[4].key;
  CHECK(contains(observer.said, named));
  CHECK(evaluated(study.run(), "all").stimuli == 8);
  CHECK(evaluated(study.run(), "test").stimuli == 2);
  const auto results = read_results(study.run() + "/results.h5");
  CHECK(evaluated(study.run(), "test").scores[1].metrics.cc ==
        results.metrics.at("test").at("cc").values[1]);
  CHECK(contains(inspect(study.data_file()).report.notes[0], "2 stimuli have no responses"));
}

TEST_CASE("eval: of another file what is there is scored, though nothing of it trains") {
  for (const std::string split : {"", ", folds: 3", ", split: lists"}) {
    CAPTURE(split);
    auto dataset = test::small_recording(3).dataset;
    const bool lists = contains(split, "lists");
    auto fitted = test::small_recording().dataset;
    const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}",
                           lists ? ", split: {valid: [" + fitted.stimuli[0].key + "]}" : split);
    fit(study);
    for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
      dataset.stimuli[s].key = "later" + std::to_string(s);
      dataset.stimuli[s].split = SplitName::test;
    }
    const std::string file = study.file("later.h5");
    write_dataset(file, dataset);
    const auto test = evaluated(study.run(), "test", file),
               all = evaluated(study.run(), "all", file);
    CHECK(test.stimuli == 10);
    REQUIRE(test.scores.size() == all.scores.size());
    for (std::size_t i = 0; i < all.scores.size(); ++i) {
      CHECK(test.scores[i].metrics.cc == all.scores[i].metrics.cc);
    }
    for (const char* absent : {"train", "valid"}) {
      const std::string message =
          error_of<std::exception>([&] { evaluated(study.run(), absent, file); });
      CHECK(contains(message, "--split all"));
      if (split.empty()) {
        CHECK(message == file + ": no stimulus is in the split " + absent +
                             " (there are 10 test); --split all takes every stimulus");
      }
    }
    // A single one.
    dataset.stimuli.resize(1);
    write_dataset(file, dataset);
    CHECK(evaluated(study.run(), "test", file).stimuli == 1);
    if (!split.empty()) continue;
    for (const SplitName name : {SplitName::train, SplitName::valid}) {
      dataset.stimuli[0].split = name;
      write_dataset(file, dataset);
      CHECK(evaluated(study.run(), to_string(name), file).stimuli == 1);
    }
  }
}

}  // namespace
}  // namespace strffit
