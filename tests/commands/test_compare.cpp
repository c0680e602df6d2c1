#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands/best.hpp"
#include "commands/compare.hpp"
#include "commands/train.hpp"
#include "files/reader.hpp"
#include "formats/checkpoint.hpp"
#include "support/evaluated.hpp"
#include "support/near.hpp"
#include "support/small_study.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::evaluated;
using test::near;
using test::SmallStudy;

// Trains the study with other keys into a folder of that name.
std::string trained(const SmallStudy& study, const std::string& name,
                    std::vector<std::string> assignments = {}) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = std::move(assignments);
  request.assignments.push_back("output.folder=" + study.file(name));
  TrainObserver silent;
  train_run(request, silent);
  return study.file(name);
}

std::vector<std::string> file_units(const std::string& run) {
  return files::Reader(run + "/study.h5", {"strffit-results"}).strings("/units/id").values;
}

Comparison compared(const std::vector<std::string>& paths, const std::string& split = "test",
                    const std::string& data = "", const std::string& metric = "cc") {
  CompareRequest request;
  request.paths = paths;
  request.split = split;
  request.data = data;
  request.metric = metric;
  request.resamples = 200;
  request.threads = 1;
  Observer silent;
  return compare_runs(request, silent);
}

TEST_CASE("compare: a bootstrap without end is refused") {
  for (const std::int64_t resamples :
       {std::int64_t{0}, std::int64_t{1000001}, std::int64_t{1} << 62}) {
    CompareRequest request;
    request.paths = {"a", "b"};
    request.resamples = resamples;
    Observer silent;
    CHECK_THROWS_WITH_AS(compare_runs(request, silent),
                         doctest::Contains("--resamples: expected from 1 to 1000000; found"),
                         ConfigError);
  }
}

TEST_CASE("compare: scores of eval, averaged over seeds, and their differences") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 2}");
  const auto first = trained(study, "first");
  const auto seeds = trained(study, "seeds", {"fit.seeds=[1,2]"});
  const auto comparison = compared({first, seeds});
  REQUIRE(comparison.units.size() == 3);
  REQUIRE(comparison.pairs.size() == 1);
  CHECK(comparison.runs[1].seeds == 2);
  CHECK(comparison.runs[1].folds == 0);
  const auto a = evaluated(first, "test"), b = evaluated(seeds, "test");
  std::vector<double> differences;
  for (std::size_t i = 0; i < 3; ++i) {
    const double mean = (b.scores[i].metrics.cc + b.scores[3 + i].metrics.cc) / 2;
    CHECK(comparison.units[i] == a.scores[i].unit);
    CHECK(comparison.runs[0].scores[i] == a.scores[i].metrics.cc);
    CHECK(comparison.runs[1].scores[i] == near(mean, 1e-15));
    differences.push_back(mean - a.scores[i].metrics.cc);
  }
  CHECK(comparison.pairs[0].units == 3);
  CHECK(comparison.pairs[0].difference.median ==
        near(bootstrap_median(differences, 200, 0).median, 1e-12));
  CHECK(comparison.pairs[0].test.p == signed_rank_test(differences).p);
}

TEST_CASE("compare: folds are averaged on test stimuli and joined on those held out") {
  const SmallStudy study("{kind: linear, context: 5}", "{mode: independent, max_epochs: 1}",
                         ", folds: 2");
  const auto first = trained(study, "first");
  const auto other = trained(study, "other", {"fit.learning_rate=0.1"});
  const auto test = compared({first, other}, "test");
  CHECK(test.runs[0].folds == 2);
  CHECK_FALSE(test.runs[0].joined);
  const auto scores = evaluated(first, "test").scores;
  CHECK(test.runs[0].scores[1] == near((scores[1].metrics.cc + scores[4].metrics.cc) / 2, 1e-15));
  const auto held_out = compared({first, other}, "valid");
  CHECK(held_out.runs[0].joined);
  CHECK(held_out.stimuli == 8);
  CHECK(to_text(to_report(held_out)).find("held-out folds joined") != std::string::npos);
}

TEST_CASE("compare: a unit without a score in one run is left out and counted") {
  const SmallStudy study("{kind: linear, context: 5}", "{mode: independent, max_epochs: 1}");
  auto data = test::small_recording().dataset;
  for (auto& stimulus : data.stimuli) {
    if (stimulus.split != SplitName::test) continue;
    const auto size = stimulus.trials() * stimulus.frames();
    std::fill_n(stimulus.responses.values.begin() + size, size, 1.0F);
  }
  write_dataset(study.data_file(), data);
  const auto first = trained(study, "first");
  const auto comparison = compared({first, first});
  CHECK(std::isnan(comparison.runs[0].scores[1]));
  CHECK(comparison.pairs[0].units == 2);
  CHECK(comparison.pairs[0].difference.median == 0);
  CHECK(comparison.pairs[0].test.n == 0);
  CHECK(comparison.pairs[0].test.p == 1);
  CHECK(to_text(to_report(comparison)).find("1 units without a score in both") !=
        std::string::npos);
  CHECK_THROWS_WITH_AS(compared({first, first}, "test", "", "bits_per_spke"),
                       doctest::Contains("did you mean \"bits_per_spike\"?"), ConfigError);
}

TEST_CASE("compare: the units that all runs have, in the order of the dataset") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  auto data = test::small_recording().dataset;
  data.unit_ids = data.all_unit_ids = {"z", "a", "m"};
  write_dataset(study.data_file(), data);
  const auto all = trained(study, "all"), some = trained(study, "some", {"data.units=[m, z]"});
  const auto comparison = compared({some, all});
  CHECK(comparison.units == std::vector<std::string>{"z", "m"});
  const auto scores = evaluated(all, "test").scores;
  CHECK(comparison.runs[1].scores ==
        std::vector<double>{scores[0].metrics.cc, scores[2].metrics.cc});
  REQUIRE(comparison.left_out.size() == 1);
  CHECK(comparison.left_out[0].run == some);
  CHECK(comparison.left_out[0].units == std::vector<std::string>{"a"});
  CHECK(to_text(to_report(comparison)).find("as " + some + " lacks them: unit a") !=
        std::string::npos);
  CHECK(nlohmann::json::parse(to_json(comparison))["left_out"][some][0] == "a");
}

TEST_CASE("compare: what is refused, and by what name") {
  const SmallStudy study("{kind: linear, context: 5}", "{max_epochs: 1}");
  const auto first = trained(study, "first");
  const auto refuses = [&](const std::string& other, const char* message) {
    CHECK_THROWS_WITH_AS(compared({first, other}), doctest::Contains(message), ConfigError);
  };
  refuses(trained(study, "smoothed", {"data.smooth_ms=21"}),
          "they differ in smoothing, data.smooth_ms 0 and 21. Fit one again");
  refuses(trained(study, "split", {"data.split={valid: 0.2, test: 0.3, seed: 1}"}),
          "they differ in the test stimuli: ");
  const auto one = trained(study, "one", {"data.units=[unit_1]"});
  CHECK_THROWS_WITH_AS(compared({one, trained(study, "two", {"data.units=[unit_2, unit_3]"})}),
                       doctest::Contains("shares no unit with the other runs: 1 (unit_1) only in "
                                         "the first, 2 (unit_2, unit_3) only in the other"),
                       ConfigError);
  auto data = test::small_recording(9).dataset;
  write_dataset(study.file("other.h5"), data);
  const auto other_data = trained(study, "data", {"data.file=" + study.file("other.h5")});
  refuses(other_data, "they differ in the dataset's content, sha256 ");
  data.axes.dt_ms = 4;
  write_dataset(study.file("frames.h5"), data);
  refuses(trained(study, "frames", {"data.file=" + study.file("frames.h5")}),
          "they differ in frame width, 5 and 4 ms");
  CHECK_THROWS_WITH_AS(compared({first}), doctest::Contains("at least two runs"), ConfigError);
  // On a third file both are measured alike.
  CHECK(compared({first, other_data}, "test", study.data_file()).pairs.size() == 1);
}

// Of a sweep without folds, each unit with a setting of its own.
void cut_by_unit(const std::string& from, const std::vector<std::int64_t>& settings,
                 const std::string& to) {
  Checkpoint checkpoint = read_checkpoint(from);
  std::vector<std::int64_t> members;
  std::vector<Member> kept;
  for (std::size_t m = 0; m < checkpoint.roster.members.size(); ++m) {
    const Member& member = checkpoint.roster.members[m];
    if (settings.at(static_cast<std::size_t>(member.unit)) != member.setting) continue;
    members.push_back(static_cast<std::int64_t>(m));
    kept.push_back(member);
  }
  checkpoint.tensors = select_members(checkpoint.tensors, members);
  checkpoint.spread = checkpoint.spread.select(members);
  checkpoint.roster.members = kept;
  write_checkpoint(to, checkpoint);
}

TEST_CASE("compare: of a sweep each unit with its own setting; the advice for several works") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 2}");
  const auto first = trained(study, "first");
  const auto sweep = trained(study, "sweep", {"sweep={fit.weight_decay: [0, 0.3]}"});
  const std::string own = study.file("own.h5");
  cut_by_unit(sweep + "/checkpoint.h5", {0, 1, 0}, own);
  const auto comparison = compared({first, own});
  CHECK(comparison.runs[1].own_settings);
  const auto scores = evaluated(sweep, "test").scores;  // of setting 0, then of setting 1
  CHECK(comparison.runs[1].scores ==
        std::vector<double>{scores[0].metrics.cc, scores[4].metrics.cc, scores[2].metrics.cc});
  CHECK(to_text(to_report(comparison)).find("own.h5: each unit's own setting") !=
        std::string::npos);

  const auto refuses = [&](const std::string& path, const std::string& advice) {
    CHECK_THROWS_WITH_AS(compared({first, path}), doctest::Contains(advice.c_str()), ConfigError);
  };
  const std::string several = "holds several settings of a sweep: compare one, ";
  refuses(sweep, several + "which strffit best " + sweep + " --out FILE");
  refuses(sweep + "/checkpoint.h5", several + "which strffit best " + sweep + " --out FILE");
  cut_to_best({sweep, study.file("best.h5"), false});
  CHECK(compared({first, study.file("best.h5")}).pairs.size() == 1);
  const auto shapes =
      trained(study, "shapes", {"sweep={model.context: [3, 5], fit.weight_decay: [0, 0.3]}"});
  refuses(shapes + "/ensemble-0/", several + "which strffit best " + shapes + " --out FILE");
  std::filesystem::create_directory(study.file("alone"));
  std::filesystem::copy_file(sweep + "/checkpoint.h5", study.file("alone") + "/all.h5");
  refuses(study.file("alone") + "/all.h5", several + "fitted alone, without the sweep");

  // Of several ensembles the best of each unit lies in a file each, with some of the units.
  std::int64_t units = 0;
  for (const auto& file : cut_to_best({shapes, study.file("each.h5"), true}).files) {
    units += compared({first, file.path}).pairs[0].units;
  }
  CHECK(units == 3);
}

TEST_CASE("compare: nested runs by their nested scores, with and without a sweep") {
  const SmallStudy study("{kind: linear, context: 5}", "{mode: independent, max_epochs: 1}");
  const std::string folds = "data.nested={outer: 3, inner: 2}";
  const auto plain = trained(study, "plain");
  const auto nested = trained(study, "nested", {folds});
  const auto sweep =
      trained(study, "sweep", {folds, "sweep={model.context: [3, 5], fit.weight_decay: [0, 0.3]}"});
  const auto comparison = compared({nested, sweep + "/"});
  for (std::size_t run = 0; run < 2; ++run) {
    const files::Reader file((run == 0 ? nested : sweep) + "/study.h5", {"strffit-results"});
    CHECK(comparison.runs[run].scores == file.doubles("/nested/mean/cc").values);
    CHECK(comparison.runs[run].outer == 3);
  }
  CHECK(comparison.units == file_units(nested));
  CHECK(compared({nested, nested + "/checkpoint.h5"}).pairs[0].difference.median == 0);
  const auto text = to_text(to_report(comparison));
  CHECK(text.find("cc on the test stimuli of 3 outer folds") != std::string::npos);
  CHECK(text.find("nested cross-validation, mean over 3 outer folds") != std::string::npos);
  const auto json = nlohmann::json::parse(to_json(comparison));
  CHECK(json["stimuli"].is_null());
  CHECK(json["runs"][1]["outer_folds"] == 3);

  const auto refuses = [&](const std::string& a, const std::string& b, const char* message) {
    CHECK_THROWS_WITH_AS(compared({a, b}), doctest::Contains(message), ConfigError);
  };
  refuses(nested, trained(study, "four", {"data.nested={outer: 4, inner: 2}"}),
          "they differ in nested cross-validation, data.nested.outer 3 and 4");
  refuses(plain, nested, "data.nested.outer 0 and 3 (0: none)");
  refuses(nested, sweep + "/ensemble-0", "compare the folder of the whole run");
  // The models themselves, on sounds that are no part of the protocol.
  CHECK(compared({plain, nested}, "all", study.data_file()).pairs.size() == 1);
}

TEST_CASE("compare: tables, CSV, JSON and scatter plots") {
  const SmallStudy study("{kind: linear, context: 5}", "{mode: independent, max_epochs: 1}");
  const auto first = trained(study, "first");
  const auto other = trained(study, "other", {"fit.max_epochs=2"});
  CompareRequest request;
  request.paths = {first, other, other};
  request.metric = "cc";
  request.plot = study.file("figures/new");
  request.format = "svg";
  request.threads = 1;
  Observer silent;
  auto comparison = compare_runs(request, silent);
  REQUIRE(comparison.pairs.size() == 2);
  CHECK(comparison.pairs[0].figure != comparison.pairs[1].figure);
  for (const auto& pair : comparison.pairs) {
    CHECK(test::read_text(pair.figure).find("<svg") != std::string::npos);
  }
  comparison.runs[1].scores[0] = NAN;
  comparison.pairs[0].units = 2;
  const auto json = nlohmann::json::parse(to_json(comparison));
  CHECK(json["runs"][1]["scores"][0].is_null());
  CHECK(json["runs"][0]["scores"][0].get<double>() == comparison.runs[0].scores[0]);
  CHECK(json["differences_from_first"][0]["wilcoxon"]["p"].get<double>() ==
        comparison.pairs[0].test.p);
  const auto csv = to_csv(to_table(comparison));
  CHECK(csv.starts_with("unit," + first + "," + other));
  const auto text = to_text(to_report(comparison));
  for (const char* part : {"1 units without a score in both are left out", "exact",
                           "not corrected for the 2 comparisons", "scatter plot in "}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  }
  request.format = "gif";
  CHECK_THROWS_AS(compare_runs(request, silent), ConfigError);
}

}  // namespace
}  // namespace strffit
