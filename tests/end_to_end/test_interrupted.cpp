// Runs that are killed, stopped or starved lose nothing, and end as if nothing had been.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <ranges>

#include "support/h5_equal.hpp"
#include "support/program.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

using test::Ended;
using test::Paths;
using test::Program;
using test::run;
using test::SmallStudy;
using test::wait_for;
namespace fs = std::filesystem;

constexpr int kStopped = 75;

// Runs on until it is told otherwise.
const std::vector<std::string> kForEver = {"fit.max_epochs=1000000", "fit.patience=1000000"};

const Paths kOfOneEnsemble = {"results.h5", "checkpoint.h5", "last.h5"};
const Paths kOfTwoEnsembles = {
    "study.h5",           "ensemble-0/results.h5", "ensemble-0/checkpoint.h5",
    "ensemble-0/last.h5", "ensemble-1/results.h5", "ensemble-1/checkpoint.h5",
    "ensemble-1/last.h5"};

Paths result_differences(const std::string& a, const std::string& b,
                         const Paths& files = kOfOneEnsemble) {
  return test::differences_of(a, b, files);
}

// What lies in a run folder and those of its ensembles beside what belongs there.
Paths strays(const std::string& folder) {
  const Paths known = {"config.yaml", "results.h5", "checkpoint.h5", "last.h5",   "train.log",
                       "study.h5",    "share.json", "ensemble-0",    "ensemble-1"};
  Paths found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (std::find(known.begin(), known.end(), name) == known.end()) found.push_back(name);
  }
  return found;
}

std::vector<std::string> train(const SmallStudy& study, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"train", study.config()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> for_ever(const SmallStudy& study) { return train(study, kForEver); }

// Where kills have struck, by what they left behind.
struct Struck {
  int before_folder = 0, inside_write = 0, elsewhere = 0;
  int identical = 0;  // runs, to those that nobody killed
  int kills() const { return before_folder + inside_write + elsewhere; }
};

void look(const std::string& folder, Struck& struck) {
  const auto is_temporary = [](const std::string& name) { return name.ends_with(".tmp"); };
  if (!fs::exists(folder)) {
    ++struck.before_folder;
  } else if (const Paths left = strays(folder); std::ranges::any_of(left, is_temporary)) {
    ++struck.inside_write;
  } else {
    ++struck.elsewhere;
  }
}

// Kills runs of a study until each has ended, and compares what they leave.
void kill_and_resume(const SmallStudy& study, const Paths& files, int runs, Struck& struck) {
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(run(train(study, {"--out", study.file("whole")})).code == 0);
  const std::chrono::duration<double> whole_time = std::chrono::steady_clock::now() - begun;

  Random random(20260131);
  for (int i = 0; i < runs; ++i) {
    fs::remove_all(study.run());
    for (bool killed_before = false;;) {
      Program program(train(study, {"--resume"}));
      // The first part of a run is killed for certain, each further one with a chance of 1/2.
      const bool strike = !killed_before || random.uniform() < 0.5;
      const double moment = random.uniform(0, whole_time.count());
      if (strike && !wait_for([&] { return !program.running(); }, moment)) {
        program.kill(SIGKILL);
      }
      const Ended ended = program.wait();
      if (ended.signal == SIGKILL) {
        look(study.run(), struck);
        killed_before = true;
        continue;
      }
      REQUIRE_MESSAGE(ended.code == 0, ended.err);
      if (killed_before) break;
      fs::remove_all(study.run());  // it was faster than the blow
    }
    const Paths different = result_differences(study.run(), study.file("whole"), files);
    CHECK(different == Paths{});
    CHECK(strays(study.run()) == Paths{});
    struck.identical += different.empty() && strays(study.run()).empty();
  }
}

TEST_CASE("killed at random moments and resumed, a run ends bit for bit as without") {
  // scripts/kill_test asks for more.
  const char* const asked = std::getenv("STRFFIT_KILLED_RUNS");
  const int runs = asked == nullptr ? 6 : std::stoi(asked);
  Struck struck;
  const SmallStudy study("{kind: ln, context: 5, prefilter: {kind: adaptrans}}",
                         "{mode: independent, max_epochs: 60, patience: 60, seeds: [0, 1], "
                         "refit: true}");
  kill_and_resume(study, kOfOneEnsemble, runs - runs / 3, struck);
  const SmallStudy sweep("{kind: ln, context: 5, prefilter: {kind: adaptrans}}",
                         "{mode: independent, max_epochs: 60, patience: 60}\n"
                         "sweep: {model.context: [4, 6], fit.weight_decay: [0, 0.1]}");
  kill_and_resume(sweep, kOfTwoEnsembles, runs / 3, struck);
  if (asked != nullptr) {
    MESSAGE(struck.identical << " of " << runs << " runs bit-identical after " << struck.kills()
                             << " kills: " << struck.before_folder << " before there was a folder, "
                             << struck.inside_write << " inside a write, " << struck.elsewhere
                             << " elsewhere");
    if (runs >= 50)
      CHECK(std::min({struck.before_folder, struck.inside_write, struck.elsewhere}) > 0);
  }
}

TEST_CASE("asked to stop, a run saves and says 75 within 5 seconds") {
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    CAPTURE(signal);
    const SmallStudy study;
    Program program(for_ever(study));
    REQUIRE(wait_for([&] { return fs::exists(study.run() + "/last.h5"); }));
    const auto asked = std::chrono::steady_clock::now();
    program.kill(signal);
    const Ended ended = program.wait();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - asked;
    CHECK(ended.code == kStopped);
    CHECK(taken.count() < 5);
    CHECK(ended.err.find("--resume") != std::string::npos);
    CHECK(strays(study.run()) == Paths{});
    CHECK(run({"inspect", study.run()}).code == 0);
  }
}

// An epoch of this takes minutes. Waits until it has begun.
std::vector<std::string> slow_train(const SmallStudy& study) {
  SimulateOptions options;
  options.units = 2;
  options.stimuli = 4;
  options.bands = 6;
  options.trials = 1;
  options.seconds = 10.5;  // sounds of 2,100 frames
  write_dataset(study.data_file(), simulate(options).dataset);
  return train(study, {"model={kind: nrf, hidden: 5000, context: 2000}"});
}
void wait_for_epoch(const Program& program) {
  REQUIRE(wait_for([&] { return program.err().find("sha256") != std::string::npos; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

TEST_CASE("asked to stop in the middle of a step of minutes, a run ends within 5 seconds too") {
  const SmallStudy study;
  Program program(slow_train(study));
  wait_for_epoch(program);
  program.kill(SIGUSR1);
  CHECK(wait_for([&] { return !program.running(); }, 5));
  const Ended ended = program.wait();
  CHECK(ended.code == kStopped);
  CHECK(ended.err.find("--resume") != std::string::npos);
  CHECK(strays(study.run()) == Paths{});
}

TEST_CASE("a second SIGINT ends a run at once") {
  const SmallStudy study;
  Program program(slow_train(study));
  wait_for_epoch(program);
  program.kill(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  program.kill(SIGINT);
  REQUIRE(wait_for([&] { return !program.running(); }, 5));
  CHECK(program.wait().signal == SIGINT);
}

TEST_CASE("a second run on a folder is refused while the first lives; readers may read") {
  const SmallStudy study;
  Program first(for_ever(study));
  REQUIRE(wait_for([&] { return fs::exists(study.run() + "/last.h5"); }));
  for (const char* flag : {"--resume", "--overwrite"}) {
    const Ended second = run(train(study, {flag}));
    CHECK(second.code == 1);
    CHECK_MESSAGE(second.err.find("in use by process " + std::to_string(first.process())) !=
                      std::string::npos,
                  second.err);
  }
  for (int i = 0; i < 5; ++i) {
    const Ended reader = run({"inspect", study.run()});
    CHECK_MESSAGE(reader.code == 0, reader.err);
  }
  first.kill(SIGKILL);
  first.wait();
  // What a dead run leaves behind hinders nobody.
  CHECK(run(train(study, {"--overwrite"})).code == 0);
}

TEST_CASE("writes that fail leave the last state whole, and the run goes on when there is room") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, max_epochs: 30, patience: 30}");
  REQUIRE(run(train(study, {"--out", study.file("whole")})).code == 0);
  // One that ended early, so that there is something left to do.
  REQUIRE(run(train(study, {"fit.max_epochs=3"})).code == 0);
  const std::string before = test::read_text(study.run() + "/last.h5");
  const Ended starved = run(train(study, {"--resume"}), [] {
    const rlimit limit{4096, 4096};  // as `ulimit -f`
    setrlimit(RLIMIT_FSIZE, &limit);
  });
  CHECK(starved.code == 1);
  CHECK_MESSAGE(starved.err.find("last.h5: File too large") != std::string::npos, starved.err);
  CHECK(test::read_text(study.run() + "/last.h5") == before);
  const Ended resumed = run(train(study, {"--resume"}));
  CHECK_MESSAGE(resumed.code == 0, resumed.err);
  CHECK(result_differences(study.run(), study.file("whole")) == Paths{});
  CHECK(strays(study.run()) == Paths{});
}

}  // namespace
}  // namespace strffit
