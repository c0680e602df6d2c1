// Reference: the members' own predictions, averaged by hand, and the metrics of those means.
#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>

#include "dataset/dataset.hpp"
#include "evaluation/averaging.hpp"
#include "evaluation/fitted.hpp"
#include "formats/checkpoint.hpp"
#include "formats/results.hpp"
#include "support/near.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_path.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::near;
using Indices = std::vector<std::size_t>;

// Members of one unit each, as many as a test asks for: copies of the four of the vectors, each
// with another bias, so that no two predict the same.
struct Copies {
  Checkpoint checkpoint;
  Dataset dataset = read_dataset(test::vector_path("ln_dcls/dataset.h5"));

  explicit Copies(const std::vector<Member>& members) {
    const Checkpoint four = read_checkpoint(test::vector_path("ln_dcls/checkpoint.h5"));
    std::vector<std::int64_t> which;
    for (std::size_t m = 0; m < members.size(); ++m)
      which.push_back(static_cast<std::int64_t>(m % 4));
    checkpoint = four;
    static_cast<FittedModel&>(checkpoint) = four.select(which);
    checkpoint.roster.members = members;
    auto bias = checkpoint.tensors.at("strf/bias").clone();
    for (std::size_t m = 0; m < members.size(); ++m)
      bias[static_cast<std::int64_t>(m)] += 0.05 * static_cast<double>(m);
    checkpoint.tensors["strf/bias"] = bias;
  }

  ScoringData data() const {
    return {&dataset, places_of_units(checkpoint, dataset), false, run_options("cpu", 2)};
  }
  // (T) of a member.
  std::vector<double> predicted(std::size_t member, std::size_t stimulus) const {
    const auto one = checkpoint.select({static_cast<std::int64_t>(member)});
    const auto values =
        one.predict(dataset.stimuli[stimulus].spectrogram, run_options("cpu", 1)).values;
    return {values.begin(), values.end()};
  }
  // (T) the mean of some.
  std::vector<double> mean(const Indices& members, std::size_t stimulus) const {
    std::vector<double> sum;
    for (const auto member : members) {
      const auto one = predicted(member, stimulus);
      sum.resize(one.size());
      for (std::size_t t = 0; t < one.size(); ++t) sum[t] += one[t];
    }
    for (auto& value : sum) value /= static_cast<double>(members.size());
    return sum;
  }
  // Fills the parameters of all members of other folds with NaN.
  void poison_others(std::int64_t fold) {
    for (std::size_t m = 0; m < checkpoint.roster.members.size(); ++m) {
      if (checkpoint.roster.members[m].fold == fold) continue;
      for (auto& [name, tensor] : checkpoint.tensors) {
        tensor = tensor.clone();
        tensor[static_cast<std::int64_t>(m)].fill_(std::numeric_limits<float>::quiet_NaN());
      }
    }
  }
};

// Whether (G, N, T) has these values for a group and unit. Tolerance: float32 predictions, added in
// double and rounded once; members predicted alone or together differ by rounding.
void check_row(const Array<float>& means, std::size_t group, std::int64_t unit,
               const std::vector<double>& expected) {
  const auto T = means.dim(2);
  REQUIRE(static_cast<std::size_t>(T) == expected.size());
  const float* row = means.data() + (static_cast<std::int64_t>(group) * means.dim(1) + unit) * T;
  double worst = 0;
  for (std::int64_t t = 0; t < T; ++t) {
    const double difference =
        std::abs(static_cast<double>(row[t]) - expected[static_cast<std::size_t>(t)]);
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
  }
  CHECK(worst < 1e-5);
}

std::vector<Partition> two_folds() {
  std::vector<Partition> folds(2);
  folds[0].train = {2};
  folds[0].valid = {1};
  folds[1].train = {1};
  folds[1].valid = {2};
  for (auto& fold : folds) fold.test = {0};
  return folds;
}

// Unit, seed, fold: three seeds of two folds.
std::vector<Member> seeds_and_folds_of(std::int64_t unit) {
  std::vector<Member> members;
  for (std::int64_t fold = 0; fold < 2; ++fold) {
    for (std::int64_t seed = 5; seed < 8; ++seed) members.push_back({unit, seed, fold, 0});
  }
  return members;
}

TEST_CASE("averaging: groups are settings, and with several seeds and folds each fold") {
  Roster roster;
  roster.unit_ids = {"a", "b", "c"};
  roster.members = {{0, 0, 0, 0}, {1, 0, 0, 0}};
  CHECK_FALSE(has_averages(roster));
  roster.members = {{0, 0, 0, 4}, {0, 0, 0, 2}, {1, 0, 0, 4}};  // two settings
  CHECK_FALSE(has_averages(roster));
  CHECK(averages_in(roster).settings == std::vector<std::int64_t>{2, 4});
  CHECK(averages_in(roster).members.values == std::vector<std::int64_t>{1, 0, 0, 1, 1, 0});
  roster.members.push_back({1, 1, 0, 4});
  CHECK(has_averages(roster));
  CHECK(averages_in(roster).folds == std::vector<std::int64_t>{-1});
  roster.members = {{-1, 0, 0}, {-1, 0, 1}, {-1, 1, 0}, {-1, 1, 1}};
  roster.skipped = {{1, "constant"}};
  const auto averaged = averages_in(roster);
  CHECK(averaged.folds == std::vector<std::int64_t>{-1, 0, 1});
  CHECK(averaged.members.shape == Shape{1, 3, 3});
  CHECK(averaged.members.values == std::vector<std::int64_t>{4, 0, 4, 2, 0, 2, 2, 0, 2});
}

TEST_CASE("averaging: the mean of many members is that of their predictions") {
  std::vector<Member> members;  // more than are predicted at once
  for (std::int64_t seed = 0; seed < 37; ++seed) members.push_back({2, seed, 0, 0});
  const Copies copies(members);
  const auto average = average_of(copies.checkpoint, {});
  Indices all(37);
  for (std::size_t m = 0; m < all.size(); ++m) all[m] = m;
  for (std::size_t s = 0; s < copies.dataset.stimuli.size(); ++s) {
    const auto means = predict_average(average, copies.dataset, s, run_options("cpu", 2));
    REQUIRE(means.shape ==
            Shape{1, copies.checkpoint.roster.units(), copies.dataset.stimuli[s].frames()});
    check_row(means, 0, 2, copies.mean(all, s));
    CHECK(std::isnan(means.values.front()));  // unit 0 has no member
  }
}

TEST_CASE("averaging: the mean of one member is that member, bit for bit") {
  const Copies copies({{1, 0, 0, 0}});
  const auto means =
      predict_average(average_of(copies.checkpoint, {}), copies.dataset, 0, run_options("cpu", 1));
  const auto alone = copies.predicted(0, 0);
  const auto T = means.dim(2);
  for (std::int64_t t = 0; t < T; ++t)
    CHECK(static_cast<double>(means.data()[T + t]) == alone[static_cast<std::size_t>(t)]);
}

TEST_CASE("averaging: of folds, members that did not see the stimulus; of a test sound all") {
  const Copies copies(seeds_and_folds_of(3));
  const auto average = average_of(copies.checkpoint, two_folds());
  REQUIRE((average.groups == std::vector<AverageGroup>{{0, -1}, {0, 0}, {0, 1}}));
  const RunOptions run = run_options("cpu", 1);
  const auto tested = predict_average(average, copies.dataset, 0, run);
  check_row(tested, 0, 3, copies.mean({0, 1, 2, 3, 4, 5}, 0));
  const auto first = predict_average(average, copies.dataset, 1, run);
  check_row(first, 0, 3, copies.mean({0, 1, 2}, 1));
  check_row(first, 1, 3, copies.mean({0, 1, 2}, 1));
  check_row(first, 2, 3, copies.mean({3, 4, 5}, 1));  // of a fold its own, whatever they saw
  const auto second = predict_average(average, copies.dataset, 2, run);
  check_row(second, 0, 3, copies.mean({3, 4, 5}, 2));
}

TEST_CASE("averaging: a planted leak does not reach the out-of-fold mean") {
  // Whoever saw a stimulus predicts NaN: were one of them averaged, the mean would be NaN.
  for (std::int64_t fold = 0; fold < 2; ++fold) {
    CAPTURE(fold);
    Copies copies(seeds_and_folds_of(1));
    const auto folds = two_folds();
    const auto held_out = folds[static_cast<std::size_t>(fold)].valid;
    const Indices own = fold == 0 ? Indices{0, 1, 2} : Indices{3, 4, 5};
    const auto expected = copies.mean(own, held_out.front());
    copies.poison_others(fold);
    const RunOptions run = run_options("cpu", 1);
    const auto clean = average_of(copies.checkpoint, folds);
    check_row(predict_average(clean, copies.dataset, held_out.front(), run), 0, 1, expected);
    // The leak is real: without the folds it is in the mean.
    const auto leaking = average_of(copies.checkpoint, {});
    const auto means = predict_average(leaking, copies.dataset, held_out.front(), run);
    CHECK(std::isnan(means.data()[means.dim(2)]));
    // Nor in the scores: the held-out stimulus of this fold alone.
    auto one = folds;
    one[static_cast<std::size_t>(1 - fold)].valid.clear();
    const auto scores =
        score_average(average_of(copies.checkpoint, one), copies.data(), Averages::valid);
    CHECK(std::isfinite(scores[1].mse));
    const auto seen = score_average(leaking, copies.data(), Averages::valid);
    CHECK_FALSE(std::isfinite(seen[1].mse));
  }
}

TEST_CASE("averaging: no mean where the member that did not see a stimulus is missing") {
  Copies copies(seeds_and_folds_of(0));
  copies.checkpoint.roster.members[0].fold = copies.checkpoint.roster.members[1].fold =
      copies.checkpoint.roster.members[2].fold = 1;
  const auto means = predict_average(average_of(copies.checkpoint, two_folds()), copies.dataset, 1,
                                     run_options("cpu", 1));
  CHECK(std::isnan(means.values.front()));
}

TEST_CASE("averaging: nested folds, a stimulus by the members that it tests") {
  std::vector<Partition> folds(4);  // outer x inner
  folds[0] = {{1}, {2}, {0}, {}};
  folds[1] = {{2}, {1}, {0}, {}};
  folds[2] = {{0}, {2}, {1}, {}};
  folds[3] = {{2}, {0}, {1}, {}};
  std::vector<Member> members;
  for (std::int64_t fold = 0; fold < 4; ++fold) members.push_back({2, 0, fold, 0});
  const Copies copies(members);
  const auto average = average_of(copies.checkpoint, folds);
  const RunOptions run = run_options("cpu", 1);
  check_row(predict_average(average, copies.dataset, 0, run), 0, 2, copies.mean({0, 1}, 0));
  check_row(predict_average(average, copies.dataset, 1, run), 0, 2, copies.mean({2, 3}, 1));
  // It tests in no fold here: those that held it out.
  check_row(predict_average(average, copies.dataset, 2, run), 0, 2, copies.mean({0, 2}, 2));
}

TEST_CASE("averaging: scores are the metrics of the means, of each split") {
  const Copies copies(seeds_and_folds_of(3));
  const auto folds = two_folds();
  const auto average = average_of(copies.checkpoint, folds);
  const auto N = static_cast<std::size_t>(copies.checkpoint.roster.units());
  const auto expect = [&](const UnitMetrics& found, const Indices& stimuli,
                          const std::vector<Indices>& members) {
    std::vector<std::vector<float>> predictions;
    for (std::size_t i = 0; i < stimuli.size(); ++i) {
      const auto mean = copies.mean(members[i], stimuli[i]);
      predictions.emplace_back(mean.begin(), mean.end());
    }
    const std::vector<std::span<const float>> rows(predictions.begin(), predictions.end());
    const auto unit = copies.data().unit_of[3];
    const auto expected = unit_metrics(trials_of(copies.dataset, unit, stimuli), rows, false);
    // Tolerance: as of check_row(), 1e-5 of a response.
    CHECK(found.cc == near(expected.cc, 1e-4, 1e-5));
    CHECK(found.mse == near(expected.mse, 1e-4));
    CHECK(found.signal_power == expected.signal_power);
  };
  const auto valid = score_average(average, copies.data(), Averages::valid);
  REQUIRE(valid.size() == 3 * N);
  expect(valid[3], {1, 2}, {{0, 1, 2}, {3, 4, 5}});
  expect(valid[N + 3], {1}, {{0, 1, 2}});
  expect(valid[2 * N + 3], {2}, {{3, 4, 5}});
  CHECK(std::isnan(valid[0].mse));  // unit 0 has no member
  const auto train = score_average(average, copies.data(), Averages::train);
  expect(train[3], {1, 2}, {{3, 4, 5}, {0, 1, 2}});
  const auto test = score_average(average, copies.data(), Averages::test);
  expect(test[3], {0}, {{0, 1, 2, 3, 4, 5}});
  expect(test[2 * N + 3], {0}, {{3, 4, 5}});
}

TEST_CASE("averaging: parts have weights, and units of their own order") {
  // Two copies with different members, and the second knows the units backwards.
  const Copies first({{0, 0, 0, 0}, {0, 1, 0, 0}, {1, 0, 0, 0}});
  Copies second({{3, 0, 0, 0}, {2, 0, 0, 0}});
  auto& ids = second.checkpoint.roster.unit_ids;
  std::reverse(ids.begin(), ids.end());
  Average average;
  average.units = 4;
  average.groups = {{AverageGroup::kAnySetting, -1}};
  average.parts = {{&first.checkpoint, 3, {}, {}}, {&second.checkpoint, 1, {3, 2, 1, 0}, {}}};
  const auto means = predict_average(average, first.dataset, 1, run_options("cpu", 1));
  auto expected = first.mean({0, 1}, 1);
  const auto other = second.predicted(0, 1);
  for (std::size_t t = 0; t < expected.size(); ++t) expected[t] = (3 * expected[t] + other[t]) / 4;
  check_row(means, 0, 0, expected);
  CHECK(std::isnan(means.data()[2 * means.dim(2)]));  // unit 2 has no member
}

TEST_CASE("averaging: written and read again, predictions with axes of their own") {
  const Copies copies(seeds_and_folds_of(3));
  const auto folds = two_folds();
  const test::TemporaryFolder folder;
  const auto file = folder.file("averaged.h5");
  const auto averaged = score_averages(copies.checkpoint, copies.data(), folds);
  REQUIRE(averaged.has_value());
  const auto average = average_of(copies.checkpoint, folds);
  Results results;
  results.roster = copies.checkpoint.roster;
  int between = 0;
  write_results(file, results, [&](files::Writer& writer) {
    put_averaged(writer, *averaged);
    put_averaged_predictions(writer, average, *averaged, copies.dataset, {0, 1, 2},
                             run_options("cpu", 1), [&] { ++between; });
  });
  CHECK(between == 3);
  const auto found = read_averaged(file);
  REQUIRE(found.has_value());
  CHECK(found->settings == std::vector<std::int64_t>{0});
  CHECK(found->folds == std::vector<std::int64_t>{-1, 0, 1});
  CHECK(found->metrics.size() == 3);
  const auto N = copies.checkpoint.roster.units();
  CHECK(found->metrics.at("valid").at("mse").shape == Shape{1, 3, N});
  const auto joined = found->joined("valid", "mse");
  REQUIRE(static_cast<std::int64_t>(joined.size()) == N);
  CHECK(joined[3] == averaged->metrics.at("valid").at("mse").values[3]);
  for (std::size_t s = 0; s < 3; ++s) {
    const auto& stimulus = copies.dataset.stimuli[s];
    const auto stored = read_averaged_predictions(file, stimulus.key);
    CHECK(stored.shape == Shape{1, 3, N, stimulus.frames()});
    const auto means = predict_average(average, copies.dataset, s, run_options("cpu", 1));
    for (std::size_t i = 0; i < means.values.size(); ++i) {
      const bool same = stored.values[i] == means.values[i] ||
                        (std::isnan(stored.values[i]) && std::isnan(means.values[i]));
      REQUIRE(same);
    }
  }
}

TEST_CASE("averaging: gradient fields, their mean and spread") {
  Roster roster;
  roster.unit_ids = {"a", "b"};
  roster.members = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 2, 0}};
  Array<float> fields({4, 1, 1, 2}, {1, 10, 5, 6, 2, 20, 6, 60});
  const auto found = average_fields(fields, roster);
  CHECK(found.mean.shape == Shape{1, 1, 2, 1, 2});
  CHECK(found.mean.values == std::vector<float>{3, 30, 5, 6});
  // Standard deviation of 1, 2, 6: sqrt((4 + 1 + 9) / 2).
  CHECK(static_cast<double>(found.sd.values[0]) == near(std::sqrt(7), 1e-6));
  CHECK(static_cast<double>(found.sd.values[1]) == near(10 * std::sqrt(7), 1e-6));
  CHECK(std::isnan(found.sd.values[2]));  // one member
}

TEST_CASE("averaging: an end between stimuli") {
  const Copies copies(seeds_and_folds_of(3));
  auto data = copies.data();
  data.between = [] { throw std::runtime_error("asked to stop"); };
  CHECK_THROWS_WITH_AS(score_average(average_of(copies.checkpoint, {}), data, Averages::unseen),
                       "asked to stop", std::runtime_error);
}

}  // namespace
}  // namespace strffit
