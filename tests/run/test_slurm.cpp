#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "run/slurm.hpp"
#include "support/small_study.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::read_text;
using test::SmallStudy;
using test::write_text;
using Lines = std::vector<std::string>;
namespace fs = std::filesystem;

// sbatch that numbers its jobs from 101 on and keeps what it was told, squeue that says what the
// test wants; scripts/check_slurm has the real ones.
class FakeSlurm {
 public:
  FakeSlurm() : path_(std::getenv("PATH")) {
    program("sbatch", "echo \"$@\" >> " + folder_.file("calls") + "\nn=$(wc -l < " +
                          folder_.file("calls") + ")\necho $((100 + n))\n");
    program("squeue", "cat " + folder_.file("queue") + "\n");
    program("scancel", "echo scancel \"$@\" >> " + folder_.file("cancelled") + "\n");
    queue({});
    setenv("PATH", (folder_.file("") + ":" + path_).c_str(), 1);
  }
  ~FakeSlurm() { setenv("PATH", path_.c_str(), 1); }

  void queue(const Lines& jobs) {
    std::string text;
    for (const auto& job : jobs) text += job + "\n";
    write_text(folder_.file("queue"), text);
  }
  Lines calls() const { return lines(folder_.file("calls")); }
  Lines cancelled() const { return lines(folder_.file("cancelled")); }

 private:
  void program(const std::string& name, const std::string& text) {
    write_text(folder_.file(name), "#!/bin/sh\n" + text);
    chmod(folder_.file(name).c_str(), 0755);
  }
  static Lines lines(const std::string& file) {
    Lines found;
    std::istringstream text(fs::exists(file) ? read_text(file) : "");
    for (std::string line; std::getline(text, line);) found.push_back(line);
    return found;
  }

  test::TemporaryFolder folder_;
  std::string path_;
};

SlurmRequest slurm_request(const SmallStudy& study, std::int64_t tasks) {
  SlurmRequest request;
  request.config = study.config();
  request.tasks = tasks;
  request.submit = true;
  request.program = "/opt/strffit";
  request.command_line = "strffit slurm";
  return request;
}

SlurmOutcome slurm(const SlurmRequest& request) {
  Observer silent;
  return slurm_run(request, silent);
}

void finish(const SmallStudy& study, const std::string& shard) {
  const std::string folder = study.run() + "/shards/" + shard;
  fs::create_directories(folder);
  write_text(folder + "/share.json",
             R"({"shard": 1, "of": 4, "ensembles":
                 [{"folder": "", "members": 1, "members_of_the_run": 3}]})");
  write_text(folder + "/results.h5", "");
}

// Of this run's jobs, as the script says.
std::string job_name(const SmallStudy& study) {
  const std::string text = read_text(study.run() + "/slurm/train.sbatch");
  const std::string mark = "--job-name=";
  const auto from = text.find(mark) + mark.size();
  return text.substr(from, text.find('\n', from) - from);
}

TEST_CASE("slurm: times as sbatch has them") {
  CHECK(slurm_seconds("90") == 90 * 60);
  CHECK(slurm_seconds("1:30") == 90);
  CHECK(slurm_seconds("12:00:05") == 12 * 3600 + 5);
  CHECK(slurm_seconds("2-12") == 60 * 3600);
  CHECK(slurm_seconds("1-0:30") == 24 * 3600 + 1800);
  CHECK(slurm_seconds("1-0:30:07") == 24 * 3600 + 1807);
  for (const char* wrong : {"", "1h", "1:2:3:4", "-5", "1-"}) {
    CHECK_THROWS_AS(slurm_seconds(wrong), ConfigError);
  }
}

TEST_CASE("slurm: indices as ranges") {
  CHECK(slurm_indices({1, 2, 3, 5, 8, 9}) == "1-3,5,8-9");
  CHECK(slurm_indices({7}) == "7");
  CHECK(slurm_indices({}) == "");
}

TEST_CASE("slurm: the job scripts hold what was asked for, and are sound") {
  const SmallStudy study;
  FakeSlurm fake;
  auto request = slurm_request(study, 4);
  request.submit = false;
  request.time = "2:00:00";
  request.mem = "8G";
  request.cpus = 3;
  request.gpus = "a100:1";
  request.partition = "long";
  request.account = "lab";
  request.at_once = 2;
  request.sbatch = {"--qos=high"};
  request.assignments = {"output.folder=" + study.file("my run's")};
  const auto outcome = slurm(request);
  CHECK(fake.calls().empty());
  const auto text = read_text(outcome.train_script);
  for (const char* line :
       {"#SBATCH --time=2:00:00\n", "#SBATCH --mem=8G\n", "#SBATCH --cpus-per-task=3\n",
        "#SBATCH --gpus=a100:1\n", "#SBATCH --partition=long\n", "#SBATCH --account=lab\n",
        "#SBATCH --array=1-4%2\n", "#SBATCH --qos=high\n", "#SBATCH --requeue\n",
        "#SBATCH --signal=B:USR1@120\n", "/my run's/slurm\"/%A_%a.log\n", "/my run'\\''s'\n",
        "--device cuda"}) {
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  }
  for (const auto& script : {outcome.train_script, outcome.merge_script}) {
    CHECK(std::system(("bash -n \"" + script + "\"").c_str()) == 0);
  }
  const auto config = read_text(outcome.folder + "/slurm/config.yaml");
  CHECK(config.find(study.data_file()) != std::string::npos);
  CHECK(to_text(to_report(outcome)).find("sbatch --parsable") != std::string::npos);
}

TEST_CASE("slurm: submits what is neither done nor under way, and a merge after all of it") {
  const SmallStudy study;
  FakeSlurm fake;
  const auto request = slurm_request(study, 4);
  auto outcome = slurm(request);
  const std::string name = job_name(study);
  const std::string folder = study.run() + "/slurm/";
  CHECK(fake.calls() ==
        Lines{"--parsable --job-name=" + name + " --array=1-4 " + folder + "train.sbatch 0",
              "--parsable --dependency=afterok:101 " + folder + "merge.sbatch"});
  CHECK(outcome.arrays[0].job == "101");
  CHECK(outcome.merge_job == "102");

  // All of it waits or runs, beside somebody else's.
  fake.queue({"101|1|" + name, "101|2|" + name, "101|3|" + name, "101|4|" + name,
              "102|N/A|" + name + "-merge", "99|1|other"});
  outcome = slurm(request);
  CHECK(outcome.queued == 4);
  CHECK(outcome.arrays.empty());
  CHECK(outcome.merge_job.empty());
  CHECK(fake.calls().size() == 2);

  // 2 has finished, 4 still runs, 1 and 3 are gone: they failed.
  finish(study, "2-of-4");
  fake.queue({"101|4|" + name, "102|N/A|" + name + "-merge"});
  outcome = slurm(request);
  CHECK(outcome.finished == 1);
  CHECK(outcome.queued == 1);
  CHECK(fake.calls()[2] ==
        "--parsable --job-name=" + name + " --array=1,3 " + folder + "train.sbatch 0");
  CHECK(fake.calls()[3] == "--parsable --dependency=afterok:101_4:103 " + folder + "merge.sbatch");
  CHECK(fake.cancelled() == Lines{"scancel 102"});
  CHECK(nlohmann::json::parse(to_json(outcome))["arrays"][0]["shards"] ==
        nlohmann::json::array({1, 3}));

  // All have finished but nobody merged: only that.
  for (const char* shard : {"1-of-4", "3-of-4", "4-of-4"}) finish(study, shard);
  fake.queue({});
  slurm(request);
  CHECK(fake.calls().size() == 5);
  CHECK(fake.calls()[4] == "--parsable " + folder + "merge.sbatch");
  write_text(study.run() + "/results.h5", "");
  outcome = slurm(request);
  CHECK(outcome.merged);
  CHECK(fake.calls().size() == 5);
}

TEST_CASE("slurm: more tasks than an array may have indices") {
  const SmallStudy study;
  FakeSlurm fake;
  auto request = slurm_request(study, 5);
  request.array_limit = 3;  // indices 0 to 2
  auto outcome = slurm(request);
  const std::string name = job_name(study);
  REQUIRE(outcome.arrays.size() == 3);
  CHECK(outcome.arrays[1].shards == std::vector<std::int64_t>{3, 4});
  CHECK(fake.calls()[1].starts_with("--parsable --job-name=" + name + "+2 --array=1-2 "));
  CHECK(fake.calls()[1].ends_with(" 2"));
  CHECK(fake.calls()[2].starts_with("--parsable --job-name=" + name + "+4 --array=1 "));
  CHECK(fake.calls()[3].starts_with("--parsable --dependency=afterok:101:102:103 "));
  fake.queue({"102|2|" + name + "+2"});
  outcome = slurm(request);
  CHECK(outcome.queued == 1);
  CHECK(outcome.arrays[1].shards == std::vector<std::int64_t>{3});
}

TEST_CASE("slurm: what is refused") {
  const SmallStudy study;
  FakeSlurm fake;
  const auto refuses = [&](const char* message, auto change) {
    auto request = slurm_request(study, 4);
    change(request);
    CHECK_THROWS_WITH_AS(slurm(request), doctest::Contains(message), ConfigError);
  };
  refuses("--tasks: expected 1 or more", [](SlurmRequest& r) { r.tasks = 0; });
  refuses("--time: 3 is too short", [](SlurmRequest& r) { r.time = "3"; });
  refuses("take more --tasks", [](SlurmRequest& r) { r.gpus = "2"; });
  refuses("--sbatch: expected an option", [](SlurmRequest& r) { r.sbatch = {"qos=x"}; });
  refuses("--array-limit", [](SlurmRequest& r) { r.array_limit = 1; });
  finish(study, "1-of-4");
  refuses("holds shards of 4, not of 5", [](SlurmRequest& r) { r.tasks = 5; });
  CHECK(fake.calls().empty());
}

}  // namespace
}  // namespace strffit
