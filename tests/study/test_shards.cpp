#include <filesystem>

#include "commands/evaluate.hpp"
#include "commands/merge.hpp"
#include "commands/train.hpp"
#include "files/temporary_file.hpp"
#include "formats/checkpoint.hpp"
#include "formats/results.hpp"
#include "study/shards.hpp"
#include "support/h5_equal.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
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

TrainOutcome train_shard(const SmallStudy& study, const std::string& shard,
                         std::vector<std::string> assignments = {}, bool resume = false) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = std::move(assignments);
  // A state after every epoch would be most of the time; a closed form has no epochs.
  if (test::read_text(study.config()).find("solver: ridge") == std::string::npos)
    request.assignments.emplace_back("output.checkpoint_every=1000");
  request.shard = shard;
  request.resume = resume;
  Watcher watcher;
  return train_run(request, watcher);
}

MergeOutcome merge(const SmallStudy& study) {
  Observer silent;
  return merge_run({study.run(), "strffit merge"}, silent);
}

// Reference: the same run in one piece, bit for bit.
void check_merged(const SmallStudy& study, std::int64_t shards,
                  const std::vector<std::string>& assignments) {
  auto whole = assignments;
  whole.push_back("output.folder=" + study.file("whole"));
  train_shard(study, "", whole);
  for (std::int64_t i = shards; i > 0; --i) {
    train_shard(study, std::to_string(i) + "/" + std::to_string(shards), assignments);
  }
  CHECK(merge(study).shards == shards);
  CHECK(differences_of(study.run(), study.file("whole")) == Paths{});
  const auto merged = read_checkpoint(study.run() + "/checkpoint.h5"),
             one_piece = read_checkpoint(study.file("whole") + "/checkpoint.h5");
  CHECK(merged.epoch == one_piece.epoch);
}

TEST_CASE("shards: merged, they are the run in one piece bit for bit") {
  SUBCASE("units, seeds and folds; members end at different epochs") {
    const SmallStudy study("{kind: ln, context: 5, prefilter: {kind: adaptrans}}",
                           "{mode: independent, max_epochs: 12, patience: 2, seeds: [3, 1]}",
                           ", folds: 2");
    check_merged(study, 3, {"run.chunk=2"});
  }
  SUBCASE("the closed form alone; a wider chunk than shards need") {
    const SmallStudy study("{kind: linear, context: 5}", "{mode: independent, solver: ridge}");
    check_merged(study, 2, {"run.chunk=2", "output.predictions=all"});
  }
  SUBCASE("population models, each with its own standardisation per band") {
    const SmallStudy study("{kind: nrf, hidden: 3, context: 4, kernel: {kind: dcls, gaussians: 2}}",
                           "{max_epochs: 4, seeds: [0, 1]}", ", folds: 2, standardise: per_band");
    check_merged(study, 3, {});
  }
  SUBCASE("more shards than chunks") {
    const SmallStudy study;
    check_merged(study, 4, {});
  }
}

TEST_CASE("shards: a skipped unit is in the merged roster") {
  const SmallStudy study("{kind: linear, context: 5}", "{mode: independent, max_epochs: 2}");
  auto recording = test::small_recording().dataset;
  for (auto& stimulus : recording.stimuli) {
    const auto size = stimulus.trials() * stimulus.frames();
    std::fill_n(stimulus.responses.values.begin() + size, size, 1.0F);
  }
  write_dataset(study.data_file(), recording);
  check_merged(study, 2, {"run.chunk=1"});
  const auto merged = read_results(study.run() + "/results.h5");
  REQUIRE(merged.roster.skipped.size() == 1);
  CHECK(merged.roster.skipped[0].unit == 1);
  CHECK(merged.roster.unit_ids.size() == 3);
}

TEST_CASE("shards: stopped and resumed, a shard ends as without") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 6}");
  const std::vector<std::string> chunk = {"run.chunk=1"};
  train_shard(study, "1/2", chunk);
  fs::rename(study.run(), study.file("whole"));
  TrainRequest request;
  request.config = study.config();
  request.assignments = chunk;
  request.shard = "1/2";
  Watcher stopping;
  stopping.stop_at = 2;
  CHECK_THROWS_AS(train_run(request, stopping), Stopped);
  train_shard(study, "1/2", chunk, true);
  CHECK(differences_of(study.run() + "/shards/1-of-2", study.file("whole") + "/shards/1-of-2") ==
        Paths{});
}

TEST_CASE("shards: a shard is a run folder that others read") {
  const SmallStudy study;
  train_shard(study, "2/2", {"run.chunk=1"});
  EvalRequest request;
  request.path = study.run() + "/shards/2-of-2";
  Observer silent;
  const auto evaluation = evaluate(request, silent);
  // Of three units in chunks of one, the last two, by their names in the whole run.
  REQUIRE(evaluation.scores.size() == 2);
  CHECK(evaluation.scores[0].unit == test::small_recording().dataset.unit_ids[1]);
  CHECK(evaluation.scores[1].unit == test::small_recording().dataset.unit_ids[2]);
}

TEST_CASE("shards: every chunk in exactly one share, about the same cost") {
  Plan plan;
  const auto data = test::small_recording().dataset;
  auto document = config::Document::from_text(
      "{data: {file: a}, model: {kind: linear, context: 3}, fit: {mode: independent, seeds: [0, 1, "
      "2]}}",
      "test");
  const Config config = read_config(document, "x");
  plan = make_plan(data, config.data.split, config.data.standardise, config.model, config.fit);
  plan.chunks = cut(plan, {"cpu", 1, 1});
  REQUIRE(plan.chunks.size() == 9);
  for (const std::int64_t of : {1, 2, 4, 9, 20}) {
    std::vector<std::vector<std::int64_t>> all;
    for (std::int64_t i = 1; i <= of; ++i) {
      const auto share = share_of({&plan}, {i, of}).front();
      CHECK(share.size() <= static_cast<std::size_t>((9 + of - 1) / of));
      all.insert(all.end(), share.begin(), share.end());
    }
    std::sort(all.begin(), all.end());
    CHECK(all == plan.chunks);
  }
}

TEST_CASE("merge: an incomplete run is refused and what is missing named") {
  const SmallStudy study;
  train_shard(study, "1/3", {"run.chunk=1"});
  train_shard(study, "2/3", {"run.chunk=1"});
  fs::remove(study.run() + "/shards/2-of-3/results.h5");
  test::write_text(study.run() + "/shards/2-of-3/train.log",
                   "2026-01-31T12:00:00 info: epoch 1/8\n"
                   "2026-01-31T12:00:01 error: cannot write last.h5:\ndisk full\n");
  const std::string run = study.run();
  CHECK_THROWS_WITH_AS(merge(study),
                       (run + ": not all shards are done, so nothing was merged:\n  2/3 failed: "
                              "cannot write last.h5:\ndisk full\n  3/3 has not begun\nFit them "
                              "with strffit train CONFIG --shard I/3 --resume")
                           .c_str(),
                       RunError);
  CHECK_FALSE(fs::exists(run + "/results.h5"));
}

TEST_CASE("shards: what does not go together is refused") {
  const SmallStudy study;
  const std::string run = study.run();
  CHECK_THROWS_WITH_AS(merge(study), doctest::Contains("expected a run folder"), ConfigError);
  for (const char* wrong : {"0/2", "3/2", "1/0", "1", "1/2/3", "a/b", "1/", "-1/2"}) {
    CAPTURE(wrong);
    CHECK_THROWS_WITH_AS(train_shard(study, wrong), doctest::Contains("expected I/N"), ConfigError);
  }
  CHECK_THROWS_WITH_AS(train_shard(study, "1/100000000"),
                       doctest::Contains("at most 100000 shares"), ConfigError);
  train_shard(study, "1/2", {"run.chunk=1"});
  CHECK_THROWS_WITH_AS(train_shard(study, "2/2", {"run.chunk=1", "fit.patience=6"}),
                       doctest::Contains("fit.patience: 5, now 6"), ConfigError);
  CHECK_THROWS_WITH_AS(train_shard(study, "2/2", {"run.chunk=1", "fit.max_epochs=9"}),
                       doctest::Contains("fit.max_epochs: 8, now 9"), ConfigError);
  CHECK_THROWS_WITH_AS(train_shard(study, "2/2"), doctest::Contains("run.chunk: 1, now auto"),
                       ConfigError);
  CHECK_THROWS_WITH_AS(train_shard(study, "2/3", {"run.chunk=1"}),
                       doctest::Contains("holds shards of 2, not of 3"), ConfigError);
  CHECK_THROWS_WITH_AS(train_shard(study, ""), doctest::Contains("is fitted in shards"),
                       ConfigError);
  CHECK_THROWS_WITH_AS(train_shard(study, "1/2", {"run.chunk=1"}),
                       doctest::Contains("finished run"), ConfigError);
  train_shard(study, "", {"output.folder=" + study.file("whole")});
  CHECK_THROWS_WITH_AS(train_shard(study, "1/2", {"output.folder=" + study.file("whole")}),
                       doctest::Contains("in one piece"), ConfigError);
}

TEST_CASE("shards: threads of the first shard decide the cut for all") {
  const SmallStudy study;
  train_shard(study, "1/2", {"run.threads=2"});
  train_shard(study, "2/2", {"run.threads=1"});
  CHECK(merge(study).members == 3);
}

}  // namespace
}  // namespace strffit
