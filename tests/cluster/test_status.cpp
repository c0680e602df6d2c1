#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cluster/status.hpp"
#include "commands/merge.hpp"
#include "commands/train.hpp"
#include "files/folder_lock.hpp"
#include "files/temporary_file.hpp"
#include "support/small_study.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::SmallStudy;
namespace fs = std::filesystem;

// Asks to stop after some epochs.
class Impatient : public TrainObserver {
 public:
  explicit Impatient(std::int64_t epochs) : epochs_(epochs) {}
  void epoch_done(const EpochReport& report) override { epoch_ = report.epoch; }
  bool stop_requested() override { return epoch_ >= epochs_; }

 private:
  std::int64_t epochs_, epoch_ = 0;
};

void train_until(const SmallStudy& study, std::int64_t epochs, const std::string& shard = "",
                 const std::string& more = "run.threads=1") {
  TrainRequest request;
  request.config = study.config();
  request.assignments = {"run.chunk=1", more};
  request.resume = true;
  request.shard = shard;
  Impatient observer(epochs);
  train_run(request, observer);
}

bool says(const RunStatus& status, const std::string& part) {
  return to_text(to_report(status)).find(part) != std::string::npos;
}

TEST_CASE("status: a run in one piece, stopped, running, killed, finished") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, max_epochs: 8, patience: 8}");
  CHECK_THROWS_WITH_AS(run_status(study.run()), doctest::Contains("there is none"), DataError);
  CHECK_THROWS_AS(train_until(study, 3), Stopped);
  auto status = run_status(study.run());
  REQUIRE(status.parts.size() == 1);
  CHECK_FALSE(status.sharded);
  CHECK(status.parts[0].state == PartState::stopped);
  CHECK(status.parts[0].why == "stopped on request");
  CHECK(status.parts[0].members == 3);
  CHECK(status.parts[0].ended == 0);
  CHECK(status.parts[0].epoch == 3);
  CHECK(status.parts[0].max_epochs == 8);
  // Five epochs at the mean pace of the three.
  CHECK(status.seconds_of_work == doctest::Approx(status.parts[0].seconds_spent / 3 * 5));
  CHECK(std::isnan(status.seconds_left));
  CHECK(says(status, "nothing is running; at most"));
  {
    const files::FolderLock lock(study.run());
    status = run_status(study.run());
    CHECK(status.parts[0].state == PartState::running);
    CHECK(status.parts[0].why.find("process " + std::to_string(getpid())) != std::string::npos);
    CHECK(status.seconds_left == status.seconds_of_work);
    CHECK(says(status, "time left: at most"));
  }
  // What a killed process leaves; no process has this number.
  const std::string host = [] {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return std::string(name);
  }();
  test::write_text(study.run() + "/.strffit.lock", host + "\n999999999\nsometime\n1\n");
  status = run_status(study.run());
  CHECK(status.parts[0].state == PartState::stopped);
  CHECK(status.parts[0].why.starts_with("killed: process 999999999"));

  train_until(study, 100);
  status = run_status(study.run());
  CHECK(status.parts[0].state == PartState::finished);
  CHECK(status.parts[0].ended == 3);
  CHECK(status.merged);
  CHECK(status.seconds_left == 0);
}

TEST_CASE("status: an empty shard that has ended says nothing of the time of the others") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 3}");
  TrainObserver silent;
  std::string empty;
  for (int number = 1; number <= 4 && empty.empty(); ++number) {
    TrainRequest request;
    request.config = study.config();
    request.assignments = {"run.chunk=3"};
    request.shard = std::to_string(number) + "/4";
    if (train_run(request, silent).members == 0) empty = request.shard;
  }
  REQUIRE_FALSE(empty.empty());
  const auto status = run_status(study.run());
  CHECK(status.members == 3);
  CHECK(says(status, " not begun, with the other 3 of the run's 3 members"));
  CHECK_FALSE(says(status, "at most 0 s of work"));
}

TEST_CASE("status: a sweep of two ensembles, in one piece and merged from shards") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 6}");
  const std::string sweep = "sweep={model.context: [3, 5], fit.weight_decay: [0, 0.1]}";
  CHECK_THROWS_AS(train_until(study, 2, "", sweep), Stopped);
  auto status = run_status(study.run());
  CHECK_FALSE(status.sharded);
  CHECK(status.parts[0].state == PartState::stopped);
  CHECK(status.parts[0].members == 12);
  CHECK(status.parts[0].epoch == 2);
  const std::string stale = study.run() + "/ensemble-0/.last.h5.999999999.tmp";
  test::write_text(stale, "of a process that was killed");
  train_until(study, 100, "", sweep);
  CHECK_FALSE(fs::exists(stale));
  status = run_status(study.run());
  CHECK(status.parts[0].state == PartState::finished);
  CHECK(status.parts[0].ended == 12);
  CHECK(status.seconds_left == 0);

  for (const std::string shard : {"1/2", "2/2"}) {
    TrainRequest request;
    request.config = study.config();
    request.assignments = {"run.chunk=1", sweep, "output.folder=" + study.file("sharded")};
    request.shard = shard;
    TrainObserver silent;
    train_run(request, silent);
  }
  CHECK_FALSE(run_status(study.file("sharded")).merged);
  Observer silent;
  merge_run({study.file("sharded"), "strffit merge"}, silent);
  const auto merged = run_status(study.file("sharded"));
  CHECK(merged.merged);
  CHECK(merged.parts.size() == 2);
  CHECK(says(merged, "all is fitted and merged"));
}

TEST_CASE("status: shards finished, failed, stopped and left") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, max_epochs: 6, patience: 6, seeds: [0, 1]}");
  train_until(study, 100, "1/4");
  CHECK_THROWS_AS(train_until(study, 2, "2/4"), Stopped);
  const std::string failed = study.run() + "/shards/3-of-4";
  fs::create_directories(failed);
  test::write_text(failed + "/train.log",
                   "2026-01-31T12:00:00 info: began\n2026-01-31T12:00:01 error: out of memory\n");
  const auto status = run_status(study.run());
  REQUIRE(status.parts.size() == 4);
  CHECK(status.sharded);
  CHECK_FALSE(status.merged);
  CHECK(status.parts[0].state == PartState::finished);
  CHECK(status.parts[0].name == "1/4");
  CHECK(status.parts[1].state == PartState::stopped);
  CHECK(status.parts[1].epoch == 2);
  CHECK(status.parts[2].state == PartState::failed);
  CHECK(status.parts[2].why == "out of memory");
  CHECK(status.parts[3].state == PartState::left);
  CHECK(status.parts[3].members == -1);
  CHECK(says(status, "1 finished, 0 running, 1 failed, 1 stopped, 1 left"));
  const auto json = nlohmann::json::parse(to_json(status));
  CHECK(json["failed"] == 1);
  CHECK(json["parts"][2]["why"] == "out of memory");
  CHECK(json["parts"][3]["members"].is_null());
  CHECK(json["parts"][1]["max_epochs"] == 6);

  // A file that cannot be read is its own part's trouble alone.
  test::write_text(study.run() + "/shards/2-of-4/last.h5", "not HDF5");
  const auto damaged = run_status(study.run());
  CHECK(damaged.parts[1].state == PartState::failed);
  CHECK(damaged.parts[1].why.find("last.h5") != std::string::npos);
  CHECK(damaged.parts[0].state == PartState::finished);
}

}  // namespace
}  // namespace strffit
