// Files that earlier versions have left are read: tests/formats/version_*.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <sstream>

#include "files/reader.hpp"
#include "support/program.hpp"

namespace strffit {
namespace {

using test::Ended;
using test::run;
namespace fs = std::filesystem;

// A copy, since a run folder is written to.
class Kept {
 public:
  explicit Kept(const std::string& version) : at_(folder_.file(version)) {
    fs::copy(std::string(STRFFIT_SOURCE_DIR) + "/tests/formats/version_" + version, at_,
             fs::copy_options::recursive);
  }
  std::string file(const std::string& name) const { return at_ + "/" + name; }

 private:
  test::TemporaryFolder folder_;
  std::string at_;
};

Ended good(const std::vector<std::string>& arguments) {
  Ended ended = run(arguments);
  CHECK_MESSAGE(ended.code == 0, arguments.front() << ": " << ended.err);
  return ended;
}

// A column of a table in CSV.
std::vector<double> column(const std::string& csv, const std::string& name) {
  std::istringstream lines(csv);
  std::vector<double> values;
  std::ptrdiff_t wanted = -1;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::string cell;
    for (std::ptrdiff_t i = 0; std::getline(cells, cell, ','); ++i) {
      if (values.empty() && wanted < 0 && cell == name)
        wanted = i;
      else if (i == wanted && cell != name)
        values.push_back(std::stod(cell));
    }
  }
  return values;
}

TEST_CASE("version 0.1: every file is inspected") {
  const Kept kept("0.1");
  for (const char* file : {"dataset.h5", "run", "run/checkpoint.h5", "run/results.h5",
                           "run/last.h5", "sweep/study.h5", "predictions.h5"}) {
    CAPTURE(file);
    CHECK_FALSE(good({"inspect", kept.file(file)}).out.empty());
  }
}

TEST_CASE("version 0.1: a checkpoint has the scores that its results hold") {
  const Kept kept("0.1");
  const std::string data = kept.file("dataset.h5");
  const files::Reader results(kept.file("run/results.h5"), {"strffit-results"});
  const auto stored = results.doubles("/metrics/test/cc");
  const auto scores = column(good({"eval", kept.file("run"), "--data", data, "--csv"}).out, "cc");
  REQUIRE(scores.size() == stored.values.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // Another processor rounds float32 otherwise.
    CHECK(std::abs(scores[i] - stored.values[i]) < 1e-4);
  }
  good({"predict", kept.file("run/checkpoint.h5"), "--data", data, "--out", kept.file("p.h5")});
  good(
      {"export-strfs", kept.file("run"), "--gradient", "--data", data, "--out", kept.file("s.h5")});
  CHECK(good({"compare", kept.file("run"), kept.file("run"), "--data", data}).out.size() > 100);
}

TEST_CASE("version 0.1: a configuration is trained again, and a run is gone on with") {
  const Kept kept("0.1");
  const std::string data = "data.file=" + kept.file("dataset.h5");
  const std::string config = kept.file("run/config.yaml");
  good({"train", config, data, "fit.max_epochs=1", "--out", kept.file("again")});
  const Ended resumed =
      good({"train", config, data, "fit.max_epochs=5", "--resume", "--out", kept.file("run")});
  CHECK(resumed.err.find("epoch 4/5") != std::string::npos);
}

}  // namespace
}  // namespace strffit
