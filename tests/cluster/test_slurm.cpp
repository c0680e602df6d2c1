#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cluster/slurm.hpp"
#include "cluster/slurm_jobs.hpp"
#include "cluster/status.hpp"
#include "commands/train.hpp"
#include "files/temporary_file.hpp"
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
        "device=cuda\n"}) {
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  }
  for (const auto& script : {outcome.train_script, outcome.merge_script}) {
    CHECK(std::system(("bash -n \"" + script + "\"").c_str()) == 0);
  }
  const auto config = read_text(outcome.folder + "/slurm/config.yaml");
  CHECK(config.find(study.data_file()) != std::string::npos);
  CHECK(to_text(to_report(outcome)).find("sbatch --parsable") != std::string::npos);
}

// Reference: Slurm's own list of jobs. A lock is removed where its job is this one, requeued, or is
// no longer in the list; it stays where its job runs.
TEST_CASE("slurm: a task takes over the lock of a job that is no more, and no other") {
  const SmallStudy study;
  FakeSlurm fake;
  auto request = slurm_request(study, 2);
  request.submit = false;
  request.program = study.file("fake strffit");
  write_text(request.program, "#!/bin/sh\necho \"$@\" > \"" + study.file("arguments") + "\"\n");
  chmod(request.program.c_str(), 0755);
  const auto outcome = slurm(request);
  const std::string shard = study.run() + "/shards/2-of-2";
  fs::create_directories(shard);
  const auto remains = [&](const std::string& holder) {
    write_text(shard + "/.strffit.lock", "host dead\nprocess 1\nstarted x\nprocess_age 1\n" +
                                             (holder.empty() ? "" : "job " + holder + "\n"));
    const int code =
        std::system(("SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 SLURM_CPUS_PER_TASK=3 bash \"" +
                     outcome.train_script + "\"")
                        .c_str());
    CHECK(code == 0);
    return fs::exists(shard + "/.strffit.lock");
  };
  fake.queue({"7_2", "7_1", "5_2"});
  CHECK_FALSE(remains("7_2"));
  CHECK_FALSE(remains("4_2"));
  CHECK(remains("5_2"));
  CHECK(remains(""));
  fake.queue({});  // a list without this very job is no list
  CHECK(remains("4_2"));
  CHECK(read_text(study.file("arguments")) ==
        "train " + study.run() + "/slurm/config.yaml --shard 2/2 --resume --threads 3\n");
}

TEST_CASE("slurm: both scripts start the program by the words of --wrap") {
  const SmallStudy study;
  FakeSlurm fake;
  auto request = slurm_request(study, 2);
  request.submit = false;
  const std::string starter = study.file("my starter");
  write_text(starter, "#!/bin/sh\necho \"$@\" > \"" + study.file("arguments") + "\"\n");
  chmod(starter.c_str(), 0755);
  request.wrap = shell_word(starter) + " exec 'my image.sif'";
  const auto outcome = slurm(request);
  const auto arguments = [&](const std::string& script) {
    const int code = std::system(
        ("SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 SLURM_CPUS_PER_TASK=3 bash \"" + script + "\"")
            .c_str());
    CHECK(code == 0);
    return read_text(study.file("arguments"));
  };
  CHECK(arguments(outcome.train_script) == "exec my image.sif strffit train " + study.run() +
                                               "/slurm/config.yaml --shard 2/2 --resume --threads "
                                               "3\n");
  CHECK(arguments(study.run() + "/slurm/merge.sbatch") ==
        "exec my image.sif strffit merge " + study.run() + "\n");
  request.wrap = "apptainer\nexec";
  CHECK_THROWS_AS(slurm(request), ConfigError);
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

// Everything below a folder, with its content.
std::map<std::string, std::string> files_in(const std::string& folder) {
  std::map<std::string, std::string> found;
  if (!fs::exists(folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    found[entry.path()] = entry.is_regular_file() ? read_text(entry.path()) : "";
  }
  return found;
}

void train(const SmallStudy& study, const std::string& shard) {
  TrainRequest request;
  request.config = study.config();
  request.shard = shard;
  TrainObserver silent;
  train_run(request, silent);
}

TEST_CASE("slurm: queued tasks keep their configuration and number, and nothing is touched") {
  const SmallStudy study;
  FakeSlurm fake;
  const auto first = slurm_request(study, 3);
  slurm(first);
  const std::string name = job_name(study);
  fake.queue({"101|1|" + name, "101|2|" + name, "101|3|" + name, "102|N/A|" + name + "-merge"});
  const auto before = files_in(study.run());
  const auto refuses = [&](const char* message, auto change) {
    for (const bool submit : {true, false}) {
      auto request = first;
      request.submit = submit;
      change(request);
      CHECK_THROWS_WITH_AS(slurm(request), doctest::Contains(message), ConfigError);
      CHECK(files_in(study.run()) == before);
      CHECK(fake.calls().size() == 2);
    }
  };
  const auto with = [](const char* assignment) {
    return [assignment](SlurmRequest& request) { request.assignments = {assignment}; };
  };
  refuses("fit.patience: 5, now 4\nGive the same configuration and --tasks again, or another run",
          with("fit.patience=4"));
  refuses("output.predictions: test, now all", with("output.predictions=all"));
  refuses("has tasks for 3 shards, not 4", [](SlurmRequest& request) { request.tasks = 4; });
  refuses("has tasks for 3 shards, not 1", [](SlurmRequest& request) { request.tasks = 1; });
  fs::copy_file(study.data_file(), study.file("copy.h5"));
  const std::string copy = "data.file=" + study.file("copy.h5");
  refuses("data.file: ", with(copy.c_str()));

  // The same again, with another time limit, is no change; nor are data that have moved.
  auto again = first;
  again.time = "8:00:00";
  CHECK(slurm(again).queued == 3);
  fs::rename(study.data_file(), study.file("moved.h5"));
  again.assignments = {"data.file=" + study.file("moved.h5")};
  CHECK(slurm(again).queued == 3);
  CHECK(fake.calls().size() == 2);

  // Tasks of a later array count as well.
  fake.queue({"101|1|" + name + "+1000"});
  auto other = again;
  other.tasks = 2;
  CHECK_THROWS_AS(slurm(other), ConfigError);
  // What neither waits nor has begun may be replaced.
  fake.queue({});
  other.assignments.emplace_back("fit.patience=4");
  CHECK(slurm(other).tasks == 2);
  CHECK(read_text(study.run() + "/slurm/config.yaml").find("patience: 4") != std::string::npos);
}

TEST_CASE("slurm: batches are cut so that every task has some, and what is left without is said") {
  struct Told : Observer {
    void warning(const std::string& message) override { text += message + "\n"; }
    std::string text;
  };
  const SmallStudy study;  // 3 members, one batch
  FakeSlurm fake;
  Told told;
  auto request = slurm_request(study, 3);
  slurm_run(request, told);
  CHECK(told.text.find("so 2 of 3 tasks would have nothing to do: run.chunk: 1 makes 3 batches "
                       "instead") != std::string::npos);
  CHECK(read_text(study.run() + "/slurm/config.yaml").find("chunk: 1\n") != std::string::npos);

  told.text.clear();
  request = slurm_request(study, 8);
  request.assignments = {"output.folder=" + study.file("eight")};
  slurm_run(request, told);
  CHECK(told.text.find("the run has 3 members, so 5 of 8 tasks would have nothing to do: take "
                       "--tasks 3") != std::string::npos);

  told.text.clear();
  request = slurm_request(study, 2);
  request.assignments = {"output.folder=" + study.file("chosen"), "run.chunk=3"};
  slurm_run(request, told);
  CHECK(told.text.find("run.chunk: 3 makes 1 batch of members, so 1 of 2 tasks") !=
        std::string::npos);
  CHECK(read_text(study.file("chosen") + "/slurm/config.yaml").find("chunk: 3\n") !=
        std::string::npos);

  told.text.clear();
  request = slurm_request(study, 1);
  request.assignments = {"output.folder=" + study.file("one")};
  slurm_run(request, told);
  CHECK(told.text.empty());
}

TEST_CASE("slurm: status says that all is left while every task is queued") {
  const SmallStudy study;
  FakeSlurm fake;
  slurm(slurm_request(study, 3));
  const RunStatus status = run_status(study.run());
  CHECK(status.sharded);
  CHECK_FALSE(status.merged);
  CHECK(status.parts.size() == 3);
  CHECK(status.with(PartState::left) == 3);
  CHECK(to_text(to_report(status)).find("0 stopped, 3 left") != std::string::npos);
  CHECK(nlohmann::json::parse(to_json(status))["left"] == 3);
  // Once a shard has begun, its own folder says of how many.
  finish(study, "1-of-4");
  CHECK(run_status(study.run()).parts.size() == 4);
}

TEST_CASE("slurm: without squeue nothing that was written may change") {
  const SmallStudy study;
  auto request = slurm_request(study, 3);
  {
    FakeSlurm fake;
    slurm(request);
  }
  request.submit = false;
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  CHECK(slurm(request).arrays.size() == 1);
  request.tasks = 4;
  CHECK_THROWS_WITH_AS(
      slurm(request), doctest::Contains(("remove " + study.run() + "/slurm").c_str()), ConfigError);
  request.tasks = 3;
  request.assignments = {"fit.patience=4"};
  CHECK_THROWS_WITH_AS(slurm(request), doctest::Contains("fit.patience: 5, now 4"), ConfigError);
  setenv("PATH", path.c_str(), 1);
}

TEST_CASE("slurm: a run that has begun keeps its configuration") {
  const SmallStudy study;
  FakeSlurm fake;
  train(study, "1/2");
  const auto before = files_in(study.run());
  auto request = slurm_request(study, 2);
  for (const bool submit : {true, false}) {
    request.submit = submit;
    request.assignments = {"fit.patience=4"};
    CHECK_THROWS_WITH_AS(slurm(request), doctest::Contains("fit.patience: 5, now 4"), ConfigError);
    request.assignments = {"run.chunk=1"};
    CHECK_THROWS_WITH_AS(slurm(request), doctest::Contains("run.chunk: auto, now 1"), ConfigError);
    CHECK(files_in(study.run()) == before);
  }
  request.assignments = {};
  CHECK(slurm(request).finished == 1);
}

TEST_CASE("slurm: a run in one piece is no place for shards") {
  const SmallStudy study;
  FakeSlurm fake;
  SUBCASE("finished") { train(study, ""); }
  SUBCASE("of several ensembles") {
    write_text(study.config(), read_text(study.config()) + "sweep: {model.context: [3, 4]}\n");
    train(study, "");
  }
  SUBCASE("begun") {
    fs::create_directories(study.run());
    write_text(study.run() + "/config.yaml", "");
  }
  const auto before = files_in(study.run());
  CHECK_THROWS_WITH_AS(slurm(slurm_request(study, 2)),
                       doctest::Contains("holds a run in one piece"), ConfigError);
  CHECK_THROWS_WITH_AS(train(study, "1/2"), doctest::Contains("in one piece"), ConfigError);
  CHECK(files_in(study.run()) == before);
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
  refuses("use more --tasks", [](SlurmRequest& r) { r.gpus = "2"; });
  refuses("--sbatch: expected an option", [](SlurmRequest& r) { r.sbatch = {"qos=x"}; });
  refuses("--tasks: expected at most 100000", [](SlurmRequest& r) { r.tasks = 100001; });
  refuses("--cpus: expected from 1 to 4096", [](SlurmRequest& r) { r.cpus = 0; });
  refuses("--cpus: expected from 1 to 4096, as for run.threads; found 5000",
          [](SlurmRequest& r) { r.cpus = 5000; });
  refuses("--at-once: expected 1 or more; found 0", [](SlurmRequest& r) { r.at_once = 0; });
  refuses("--mem: expected memory in sbatch's format, such as 800M or 8G; found \"lots\"",
          [](SlurmRequest& r) { r.mem = "lots"; });
  refuses("--array-limit", [](SlurmRequest& r) { r.array_limit = 1; });
  finish(study, "1-of-4");
  refuses("has tasks for 4 shards, not 5", [](SlurmRequest& r) { r.tasks = 5; });
  CHECK(fake.calls().empty());
}

}  // namespace
}  // namespace strffit
