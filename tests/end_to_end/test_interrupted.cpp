// Runs that are killed, stopped or starved lose nothing, and end as if nothing had been.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "support/h5_equal.hpp"
#include "support/program.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

using test::Ended;
using test::Program;
using test::run;
using test::SmallStudy;
using test::wait_for;
namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

constexpr int kStopped = 75;

// Runs on until it is told otherwise.
const std::vector<std::string> kForEver = {"fit.max_epochs=1000000", "fit.patience=1000000"};

Paths differences_of(const std::string& a, const std::string& b) {
  Paths found = test::differing(a + "/results.h5", b + "/results.h5", {"history/seconds"});
  const Paths more = test::differing(a + "/checkpoint.h5", b + "/checkpoint.h5");
  found.insert(found.end(), more.begin(), more.end());
  return found;
}

// What lies in a run folder beside what belongs there.
Paths strays(const std::string& folder) {
  const Paths known = {"config.yaml", "results.h5", "checkpoint.h5", "last.h5", "train.log"};
  Paths found;
  for (const auto& entry : fs::directory_iterator(folder)) {
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

TEST_CASE("killed at random moments and resumed, a run ends bit for bit as without") {
  const SmallStudy study("{kind: ln, context: 5, prefilter: {kind: adaptrans}}",
                         "{mode: independent, max_epochs: 60, patience: 60, seeds: [0, 1]}");
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(run(train(study, {"--out", study.file("whole")})).code == 0);
  const std::chrono::duration<double> whole_time = std::chrono::steady_clock::now() - begun;

  Random random(20260131);
  int kills = 0;
  while (kills < 10) {
    fs::remove_all(study.run());
    for (bool finished = false; !finished;) {
      Program program(train(study, {"--resume"}));
      const double until = random.uniform(0, whole_time.count());
      if (kills < 10 && !wait_for([&] { return !program.running(); }, until)) {
        program.kill(SIGKILL);
        CHECK(program.wait().signal == SIGKILL);
        ++kills;
        continue;
      }
      const Ended ended = program.wait();
      REQUIRE_MESSAGE(ended.code == 0, ended.err);
      finished = true;
    }
    CHECK(differences_of(study.run(), study.file("whole")) == Paths{});
    CHECK(strays(study.run()) == Paths{});
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

TEST_CASE("a second SIGINT ends a run at once") {
  // An epoch of this takes minutes: only the second signal can end it soon.
  const SmallStudy study("{kind: nrf, hidden: 5000, context: 2000}", "{max_epochs: 5}");
  Program program(train(study));
  REQUIRE(wait_for([&] { return program.err().find("sha256") != std::string::npos; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
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
  CHECK(differences_of(study.run(), study.file("whole")) == Paths{});
  CHECK(strays(study.run()) == Paths{});
}

}  // namespace
}  // namespace strffit
