// The way of a new user, by the program itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "files/temporary_file.hpp"
#include "support/program.hpp"

namespace strffit {
namespace {

using test::Ended;
using test::run;
using test::SmallStudy;
namespace fs = std::filesystem;

// As the program itself lists them.
std::vector<std::string> commands() {
  std::istringstream lines(run({"--help"}).out);
  std::vector<std::string> found;
  bool listed = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(':') == line.size() - 1)
      listed = line == "Subcommands:";
    else if (listed && line.starts_with("  "))
      found.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return found;
}

TEST_CASE("help fits a terminal of 80 x 24 and shows an example") {
  std::vector<std::vector<std::string>> calls = {{"--help"}};
  for (const auto& command : commands()) calls.push_back({command, "--help"});
  CHECK(calls.size() >= 16);
  for (const auto& call : calls) {
    CAPTURE(call.front());
    const Ended ended = run(call);
    CHECK(ended.code == 0);
    CHECK(ended.err.empty());
    CHECK(ended.out.find("Example:\n  strffit ") != std::string::npos);
    std::istringstream lines(ended.out);
    int number = 0;
    for (std::string line; std::getline(lines, line); ++number)
      CHECK_MESSAGE(line.size() <= 80, line);
    CHECK(number <= 23);
  }
}

TEST_CASE("--version names what can change a number") {
  const Ended ended = run({"--version"});
  CHECK(ended.code == 0);
  for (const char* name : {"strffit 0.", "LibTorch ", "BLAS ", "HDF5 1.", "CUDA ", "compiler ",
                           "CPU ", "libsndfile ", "matio ", "libarchive "}) {
    CHECK_MESSAGE(ended.out.find(name) != std::string::npos, name);
  }
}

TEST_CASE("simulate, init, train, eval, predict, export-strfs, inspect") {
  const test::TemporaryFolder folder;
  const std::string data = folder.file("data.h5"), fit = folder.file("run");
  const auto good = [](const std::vector<std::string>& arguments) {
    const Ended ended = run(arguments);
    CHECK_MESSAGE(ended.code == 0, arguments.front() << ": " << ended.err);
    return ended;
  };
  good({"simulate", "--out", data, "--units", "3", "--stimuli", "10", "--seconds", "1", "--bands",
        "12"});
  test::write_text(folder.file("fit.yaml"), good({"init", "ln"}).out);
  const Ended trained =
      good({"train", folder.file("fit.yaml"), "data.file=" + data, "fit.max_epochs=5",
            "fit.mode=independent", "--out", fit, "--threads", "1", "--device", "cpu"});
  CHECK(trained.out.find("test ") != std::string::npos);
  CHECK(trained.err.find("sha256") != std::string::npos);
  const std::string log = test::read_text(fit + "/train.log");
  for (const char* word : {"LibTorch", "BLAS", "device cpu, threads 1", "sha256", "epoch 1/5"}) {
    CHECK_MESSAGE(log.find(word) != std::string::npos, word);
  }
  const std::string csv = good({"eval", fit, "--csv"}).out;
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
  CHECK(good({"eval", fit, "--json"}).out.front() == '{');
  good({"predict", fit, "--data", data, "--out", folder.file("predictions.h5")});
  const Ended exported =
      good({"export-strfs", fit, "--truth", data, "--plot", folder.file("figures"), "--format",
            "svg", "--gradient", "--dynamic", "sound_01", "--threads", "1"});
  CHECK(exported.out.find("correlation with the true receptive fields") != std::string::npos);
  CHECK(fs::exists(fit + "/strfs.h5"));
  CHECK(fs::exists(folder.file("figures/contact-sheet.svg")));
  CHECK(fs::exists(folder.file("figures/gradient-unit-unit_1.svg")));
  for (const std::string& file :
       {data, fit, fit + "/checkpoint.h5", fit + "/results.h5", fit + "/last.h5", fit + "/strfs.h5",
        folder.file("predictions.h5")}) {
    CAPTURE(file);
    CHECK(good({"inspect", file}).out.find("file ") != std::string::npos);
    CHECK(good({"inspect", file, "--json"}).out.front() == '{');
  }
  const Ended again =
      good({"train", folder.file("fit.yaml"), "data.file=" + data, "fit.max_epochs=5",
            "fit.mode=independent", "--out", fit, "--threads", "1", "--device", "cpu", "--resume"});
  CHECK(again.err.find("nothing to do") != std::string::npos);
}

TEST_CASE("the quick start recovers what the data were made of") {
  const test::TemporaryFolder folder;
  const std::string data = folder.file("data.h5"), fit = folder.file("fit");
  REQUIRE(run({"simulate", "--out", data}).code == 0);
  REQUIRE(run({"train", STRFFIT_SOURCE_DIR "/configs/quickstart.yaml", "data.file=" + data, "--out",
               fit})
              .code == 0);
  const Ended exported = run({"export-strfs", fit, "--truth", data, "--json"});
  REQUIRE(exported.code == 0);
  // Eight units, each above 0.9: what the program promises at the default signal-to-noise ratio.
  std::size_t at = 0;
  int units = 0;
  const std::string key = "\"correlation\": ";
  while ((at = exported.out.find(key, at)) != std::string::npos) {
    at += key.size();
    CHECK(std::stod(exported.out.substr(at)) > 0.9);
    ++units;
  }
  CHECK(units == 8);
}

TEST_CASE("a plan as a table and as JSON") {
  const SmallStudy study;
  CHECK(run({"train", study.config(), "--dry-run"}).out.find("members") != std::string::npos);
  CHECK(run({"train", study.config(), "--dry-run", "--json"}).out.find("\"members\": 3") !=
        std::string::npos);
  CHECK_FALSE(fs::exists(study.run()));
}

}  // namespace
}  // namespace strffit
