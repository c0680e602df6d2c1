// What a run takes, against what --dry-run foretells.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "dataset/simulate.hpp"
#include "files/temporary_file.hpp"
#include "support/program.hpp"

namespace strffit {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which need memory themselves

TEST_CASE("memory: predictions of many members are not held, and --dry-run foretells the peak") {
  const test::TemporaryFolder folder;
  SimulateOptions options;
  options.units = 40;
  options.stimuli = 40;
  options.seconds = 5;
  options.bands = 4;
  options.trials = 2;
  const auto simulation = simulate(options);
  write_dataset(folder.file("data.h5"), simulation.dataset, nullptr);
  // 960 members x 40,000 frames are 154 MB of predictions.
  std::string seeds = "fit.seeds=[0";
  for (int seed = 1; seed < 24; ++seed) seeds += "," + std::to_string(seed);
  test::write_text(folder.file("fit.yaml"),
                   "data: {file: data.h5}\nmodel: {kind: linear, context: 3}\n"
                   "fit: {mode: independent, initialise: random, batch: all, max_epochs: 1}\n"
                   "output: {folder: " +
                       folder.file("run") + "}\nrun: {threads: 2, device: cpu}\n");
  const auto with = [&](const std::string& kept, const std::string& option) {
    std::vector<std::string> arguments = {"train", folder.file("fit.yaml"), seeds + "]",
                                          "output.predictions=" + kept, option};
    if (option == "--dry-run") arguments.emplace_back("--json");
    auto ended = test::run(arguments);
    CAPTURE(ended.err);
    CHECK(ended.code == 0);
    return ended;
  };
  const double foretold =
      1e6 * nlohmann::json::parse(with("all", "--dry-run").out)["megabytes"].get<double>();
  const double all = with("all", "--overwrite").peak_bytes;
  const double none = with("none", "--overwrite").peak_bytes;
  CHECK(all < 1.25 * foretold);
  CHECK(all > 0.75 * foretold);
  CHECK(all - none < 40e6);  // of 154
}

// Sounds of 20 bands, and a configuration that fits them in closed form.
void write_closed_form(const test::TemporaryFolder& folder, double seconds) {
  SimulateOptions options;
  options.units = 4;
  options.stimuli = 8;
  options.seconds = seconds;
  options.bands = 20;
  options.trials = 2;
  const auto simulation = simulate(options);
  write_dataset(folder.file("data.h5"), simulation.dataset, nullptr);
  test::write_text(folder.file("fit.yaml"),
                   "data: {file: data.h5}\nmodel: {kind: linear}\n"
                   "fit: {solver: ridge}\noutput: {folder: " +
                       folder.file("run") + "}\nrun: {threads: 2, device: cpu}\n");
}

// Of 20,000 unknowns a Gram matrix alone has 3.2 GB, and its factors take hours.
TEST_CASE("memory: --dry-run of a large closed form computes none") {
  const test::TemporaryFolder folder;
  write_closed_form(folder, 10);
  const auto ended =
      test::run({"train", folder.file("fit.yaml"), "model.context=1000", "--dry-run", "--json"});
  CAPTURE(ended.err);
  REQUIRE(ended.code == 0);
  const auto plan = nlohmann::json::parse(ended.out);
  CHECK(plan["seconds_closed_form"].get<double>() > 60);
  CHECK(plan["megabytes"].get<double>() > 3200);
  CHECK(static_cast<double>(ended.peak_bytes) < 1e9);
}

TEST_CASE("memory: --dry-run foretells that of the closed form") {
  const test::TemporaryFolder folder;
  write_closed_form(folder, 2);
  const std::vector<std::string> arguments = {"train", folder.file("fit.yaml"), "model.context=80",
                                              "fit.ridge_prior=flat"};
  auto dry = arguments;
  dry.insert(dry.end(), {"--dry-run", "--json"});
  const double foretold =
      1e6 * nlohmann::json::parse(test::run(dry).out)["megabytes"].get<double>();
  const auto ended = test::run(arguments);
  CAPTURE(ended.err);
  REQUIRE(ended.code == 0);
  CHECK(static_cast<double>(ended.peak_bytes) < 1.25 * foretold);
  // OpenBLAS's kernels use their buffers to different extents: 0.72 with those of SkylakeX.
  CHECK(static_cast<double>(ended.peak_bytes) > 0.7 * foretold);
}

#endif

TEST_CASE("memory: members that can never fit are refused before anything is allocated") {
  const test::SmallStudy study("{kind: nrf, hidden: 100000, context: 100}");
  std::string seeds = "fit.seeds=[0";
  for (int seed = 1; seed < 1000; ++seed) seeds += "," + std::to_string(seed);
  for (const std::string option : {"--dry-run", "--overwrite"}) {
    const auto ended = test::run({"train", study.config(), seeds + "]", option});
    CAPTURE(ended.err);
    CHECK(ended.code == 1);
    // Kernels alone are 60 million weights, of 16 bytes each with what training adds: 2,880 GB.
    CHECK(ended.err.find("3000 members of 60") != std::string::npos);
    CHECK(ended.err.find(" GB at least; this process may have ") != std::string::npos);
  }
}

TEST_CASE("memory: more draws of a null distribution than are held are refused") {
  const auto ended = test::run({"eval", "run", "--null", "1000000000"});
  CHECK(ended.code == 2);
  CHECK(ended.err.find("1000000") != std::string::npos);
}

}  // namespace
}  // namespace strffit
