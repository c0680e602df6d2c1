// That a merged run is the run in one piece is tests/study's; here: what is refused and told.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands/merge.hpp"
#include "commands/train.hpp"
#include "files/reader.hpp"
#include "formats/averaged.hpp"
#include "formats/join.hpp"
#include "support/h5_edit.hpp"
#include "support/messages.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::SmallStudy;

void fit_shards(const SmallStudy& study, const std::string& sweep = "") {
  for (const char* shard : {"1/2", "2/2"}) {
    TrainRequest request;
    request.config = study.config();
    request.assignments = {"output.checkpoint_every=1000", "run.chunk=1"};
    if (!sweep.empty()) request.assignments.push_back("sweep=" + sweep);
    request.shard = shard;
    test::Watcher watcher;
    train_run(request, watcher);
  }
}

MergeOutcome merged(const SmallStudy& study) {
  Observer silent;
  return merge_run({study.run(), "strffit merge"}, silent);
}

std::string not_merged(const SmallStudy& study) {
  return test::error_of<std::exception>([&] { merged(study); });
}

const std::string kTwoEpochs = "{mode: independent, max_epochs: 2}";

TEST_CASE("merge: says what was joined, as text and as JSON") {
  const SmallStudy study("{kind: ln, context: 3}", kTwoEpochs);
  fit_shards(study);
  const auto outcome = merged(study);
  CHECK(outcome.folder == study.run());
  CHECK(outcome.shards == 2);
  CHECK(outcome.members == 3);
  CHECK_FALSE(outcome.study.has_value());
  CHECK(to_report(outcome).notes.back() == "3 members of 2 shards in " + study.run());
  const auto json = nlohmann::json::parse(to_json(outcome));
  CHECK(json.at("folder") == study.run());
  CHECK(json.at("shards") == 2);
  CHECK(json.at("members") == 3);
  CHECK(json.size() == 3);
  const files::Reader results(study.run() + "/results.h5", {"strffit-results"});
  CHECK(results.string_attribute("/", "command_line") == "strffit merge");
}

TEST_CASE("merge: of a sweep it chooses the setting, and tells it") {
  const SmallStudy study("{kind: ln, context: 3}", kTwoEpochs);
  fit_shards(study, "{fit.weight_decay: [0, 0.5]}");
  const auto outcome = merged(study);
  REQUIRE(outcome.study.has_value());
  CHECK(outcome.members == 6);
  CHECK(std::filesystem::exists(study.run() + "/study.h5"));
  const auto json = nlohmann::json::parse(to_json(outcome));
  CHECK(json.at("members") == 6);
  CHECK(json.size() > 3);
  CHECK(to_report(outcome).tables.size() >= 1);
}

TEST_CASE("merge: shards that were cut differently are refused, and what was there stays") {
  const SmallStudy study("{kind: ln, context: 3}", kTwoEpochs);
  fit_shards(study);
  const std::string first = study.run() + "/shards/1-of-2/results.h5";
  const std::string second = study.run() + "/shards/2-of-2/results.h5";
  const auto numbers = member_numbers(first);
  REQUIRE_FALSE(numbers.empty());
  const auto put_number = [&](std::int64_t number) {
    std::vector<long long> changed(numbers.begin(), numbers.end());
    changed.front() = number;
    test::H5Edit(first).put_integers("/members/number", changed);
  };
  put_number(member_numbers(second).front());
  CHECK(
      test::contains(not_merged(study), "is in two shards or in none: they were cut differently"));
  put_number(99);
  CHECK(test::contains(not_merged(study), "member 99 is in two shards or in none"));
  CHECK_FALSE(std::filesystem::exists(study.run() + "/results.h5"));
  put_number(numbers.front());
  CHECK(merged(study).members == 3);
}

TEST_CASE("merge: averages need the data that the shards were fitted to") {
  const SmallStudy study("{kind: ln, context: 3}", "{mode: independent, max_epochs: 1, seeds: 2}");
  fit_shards(study);
  const auto shard = read_averaged(study.run() + "/shards/1-of-2/results.h5");
  CHECK_FALSE(shard.has_value());  // it lacks members
  std::filesystem::rename(study.data_file(), study.file("kept.h5"));
  write_dataset(study.data_file(), test::small_recording(5).dataset);
  CHECK(test::contains(not_merged(study), "is not what the shards were fitted to"));
  CHECK_FALSE(std::filesystem::exists(study.run() + "/results.h5"));
  std::filesystem::rename(study.file("kept.h5"), study.data_file());
  CHECK(merged(study).members == 6);
  CHECK(read_averaged(study.run() + "/results.h5").has_value());
}

TEST_CASE("merge: folders without shards") {
  const SmallStudy study("{kind: ln, context: 3}", kTwoEpochs);
  CHECK(test::contains(not_merged(study), "expected a run folder; found none"));
  std::filesystem::create_directories(study.run());
  CHECK(
      test::contains(not_merged(study), "found none: strffit train CONFIG --shard I/N makes them"));
}

}  // namespace
}  // namespace strffit
