// Reference: the float64 implementation's predictions (tests/vectors), scored by the metrics alone.
#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>

#include "dataset/dataset.hpp"
#include "evaluation/fitted.hpp"
#include "evaluation/scoring.hpp"
#include "files/reader.hpp"
#include "formats/checkpoint.hpp"
#include "support/near.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_path.hpp"
#include "training/plan.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::near;
using Indices = std::vector<std::size_t>;

// Four members of one unit each; the tests set seeds and folds.
struct Independent {
  Checkpoint checkpoint = read_checkpoint(test::vector_path("ln_dcls/checkpoint.h5"));
  Dataset dataset = read_dataset(test::vector_path("ln_dcls/dataset.h5"));

  ScoringData data() const {
    return {&dataset, places_of_units(checkpoint, dataset), false, run_options("cpu", 2)};
  }
};

// (M, N, T) of a stimulus.
Array<double> expected_of(const std::string& name, const std::string& stimulus) {
  const files::Reader reader(test::vector_path(name + "/expected.h5"), {"strffit-results"});
  return reader.doubles("/predictions/" + stimulus);
}

// The metrics of a dataset's unit for these predictions, (T) of each stimulus.
UnitMetrics metrics_of(const Dataset& dataset, std::int64_t unit, const Indices& stimuli,
                       const std::vector<std::vector<float>>& predictions) {
  const std::vector<std::span<const float>> rows(predictions.begin(), predictions.end());
  return unit_metrics(trials_of(dataset, unit, stimuli), rows, false);
}

TEST_CASE("scoring: a series per member, of its fold's stimuli") {
  Independent case_;
  Roster& roster = case_.checkpoint.roster;
  REQUIRE(roster.members.size() == 4);
  roster.members[1].fold = 1;
  roster.members[1].seed = 7;
  roster.members[1].setting = 3;
  std::vector<Partition> folds(2);
  folds[0].train = {1, 2};
  folds[0].test = {0};
  folds[1].train = {0};
  folds[1].valid = {1, 2};
  const auto series = series_of_members(roster, folds, SplitName::valid);
  REQUIRE(series.size() == 4);
  CHECK(series[0].stimuli.empty());
  CHECK(series[0].unit == roster.members[0].unit);
  CHECK(series[1].stimuli == Indices{1, 2});
  CHECK(series[1].member == std::vector<std::int64_t>{1, 1});
  CHECK(series[1].seed == 7);
  CHECK(series[1].fold == 1);
  CHECK(series[1].setting == 3);
  CHECK(series_of_members(roster, folds, SplitName::test)[3].stimuli == Indices{0});
  const auto all = series_of_all(roster, case_.dataset);
  REQUIRE(all.size() == 4);
  CHECK(all[2].stimuli.size() == case_.dataset.stimuli.size());
  CHECK(all[2].member == std::vector<std::int64_t>(case_.dataset.stimuli.size(), 2));
}

TEST_CASE("scoring: joined over folds, each stimulus by the member that did not see it") {
  Independent case_;
  Roster& roster = case_.checkpoint.roster;
  for (std::size_t m = 0; m < 4; ++m) {  // one unit, two folds, two seeds
    roster.members[m].unit = 2;
    roster.members[m].fold = static_cast<std::int64_t>(m % 2);
    roster.members[m].seed = static_cast<std::int64_t>(m / 2);
  }
  std::vector<Partition> folds(2);
  folds[0].valid = {0, 2};
  folds[1].valid = {1};
  const auto series = series_of_folds(roster, folds);
  REQUIRE(series.size() == 2);
  for (std::size_t seed = 0; seed < 2; ++seed) {
    CHECK(series[seed].unit == 2);
    CHECK(series[seed].fold == -1);
    CHECK(series[seed].seed == static_cast<std::int64_t>(seed));
    CHECK(series[seed].stimuli == Indices{0, 1, 2});
    const auto first = static_cast<std::int64_t>(2 * seed);
    CHECK(series[seed].member == std::vector<std::int64_t>{first, first + 1, first});
  }
}

TEST_CASE("scoring: the metrics of the reference's predictions") {
  // Tolerance: predictions in float32; a metric that goes by differences of large powers is the
  // worst. 1e-3 is a hundredth of what a wrong unit, stimulus or member would change.
  const Independent case_;
  const auto series = series_of_all(case_.checkpoint.roster, case_.dataset);
  const auto data = case_.data();
  const auto found = score(case_.checkpoint, data, series);
  REQUIRE(found.size() == 4);
  for (std::size_t m = 0; m < 4; ++m) {
    std::vector<std::vector<float>> predictions;
    for (const auto s : series[m].stimuli) {
      const auto all = expected_of("ln_dcls", case_.dataset.stimuli[s].key);
      const auto begin = all.values.begin() + static_cast<std::ptrdiff_t>(m) * all.dim(2);
      predictions.emplace_back(begin, begin + all.dim(2));
    }
    const auto unit =
        data.unit_of[static_cast<std::size_t>(case_.checkpoint.roster.members[m].unit)];
    const auto expected = metrics_of(case_.dataset, unit, series[m].stimuli, predictions);
    CHECK(found[m].cc == near(expected.cc, 1e-3, 1e-4));
    CHECK(found[m].mse == near(expected.mse, 1e-4));
    CHECK(found[m].bits_per_spike == near(expected.bits_per_spike, 1e-3, 1e-4));
    CHECK(found[m].signal_power == expected.signal_power);
  }
}

TEST_CASE("scoring: as arrays by name, and an end between blocks") {
  const Independent case_;
  auto data = case_.data();
  const auto series = series_of_all(case_.checkpoint.roster, case_.dataset);
  const auto scores = score(case_.checkpoint, data, series);
  const auto named = as_metrics(scores, case_.checkpoint.roster);
  CHECK(named.size() == kUnitMetrics.size() + 1);
  CHECK(named.contains("cc_max_error"));
  CHECK(named.at("cc").shape == Shape{4, 1});
  for (std::size_t m = 0; m < 4; ++m) CHECK(named.at("mse").values[m] == scores[m].mse);
  data.between = [] { throw std::runtime_error("asked to stop"); };
  CHECK_THROWS_WITH_AS(score(case_.checkpoint, data, series), "asked to stop", std::runtime_error);
}

TEST_CASE("scoring: written predictions are the reference's, in the order of keys") {
  const Independent case_;
  const test::TemporaryFolder folder;
  const auto file = folder.file("predictions.h5");
  Indices backwards;
  for (std::size_t s = case_.dataset.stimuli.size(); s > 0; --s) backwards.push_back(s - 1);
  int between = 0;
  {
    files::Writer writer(file, "strffit-results");
    put_predictions(writer, case_.checkpoint, case_.dataset, backwards, run_options("cpu", 1),
                    [&] { ++between; });
    writer.commit();
  }
  CHECK(between == static_cast<int>(backwards.size()));
  const files::Reader reader(file, {"strffit-results"});
  for (const auto& stimulus : case_.dataset.stimuli) {
    const auto found = reader.floats("/predictions/" + stimulus.key);
    const auto expected = expected_of("ln_dcls", stimulus.key);
    REQUIRE(found.shape == expected.shape);
    for (std::size_t i = 0; i < found.values.size(); ++i) {
      CHECK(found.values[i] == near(expected.values[i], 1e-4, 1e-4));
    }
  }
}

}  // namespace
}  // namespace strffit
