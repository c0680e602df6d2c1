#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "dataset/split.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

using Indices = std::vector<std::size_t>;

// Stimuli s0, s1, ... of which every third is "speech", the others "noise".
Dataset stimuli(std::size_t n, const std::vector<std::optional<SplitName>>& splits = {}) {
  Dataset dataset;
  dataset.file = "x.h5";
  for (std::size_t i = 0; i < n; ++i) {
    Stimulus stimulus;
    stimulus.key = "s" + std::to_string(i);
    stimulus.category = i % 3 == 0 ? "speech" : "noise";
    if (i < splits.size()) stimulus.split = splits[i];
    dataset.stimuli.push_back(stimulus);
  }
  return dataset;
}

SplitOptions by(decltype(SplitOptions::by) how, std::int64_t folds = 0) {
  return {std::move(how), folds, 0, 0, "fit.yaml:4:3: data.split"};
}

std::string split_refusal(const Dataset& dataset, const SplitOptions& options) {
  try {
    require_training(dataset, partitions(dataset, options), options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

// Every stimulus of a dataset of n is in one list, and each list is ascending.
void check_complete(const Partition& partition, std::size_t n) {
  Indices all;
  for (const Indices* list :
       {&partition.train, &partition.valid, &partition.test, &partition.unused}) {
    CHECK(std::is_sorted(list->begin(), list->end()));
    all.insert(all.end(), list->begin(), list->end());
  }
  std::sort(all.begin(), all.end());
  Indices expected(n);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  CHECK(all == expected);
}

const auto kTrain = SplitName::train, kValid = SplitName::valid, kTest = SplitName::test;

TEST_CASE("split: as the file says; what it says nothing of is unused") {
  const Dataset dataset = stimuli(5, {kTrain, kTest, std::nullopt, kValid, kTrain});
  const std::vector<Partition> found = partitions(dataset, by(SplitFromFile{}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].train == Indices{0, 4});
  CHECK(found[0].valid == Indices{3});
  CHECK(found[0].test == Indices{1});
  CHECK(found[0].unused == Indices{2});
  CHECK(found[0].of(kTest) == Indices{1});
  CHECK(found[0].of(kValid) == Indices{3});
  CHECK(found[0].of(kTrain) == Indices{0, 4});
}

TEST_CASE("split: at random, in the shares asked for, the same for the same seed") {
  const Dataset dataset = stimuli(20, {kTrain});
  std::set<Indices> tests;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto found = partitions(dataset, by(SplitFractions{0.15, 0.2, seed}));
    REQUIRE(found.size() == 1);
    CHECK(found[0].valid.size() == 3);
    CHECK(found[0].test.size() == 4);
    check_complete(found[0], 20);
    CHECK(partitions(dataset, by(SplitFractions{0.15, 0.2, seed}))[0].test == found[0].test);
    tests.insert(found[0].test);
  }
  CHECK(tests.size() >= 15);  // of 20 draws out of 4845
  const auto small = partitions(stimuli(3), by(SplitFractions{0.1, 0.1, 0}));
  CHECK(small[0].valid.size() == 1);
  CHECK(small[0].test.size() == 1);
  CHECK(partitions(stimuli(3), by(SplitFractions{0, 0.4, 0}))[0].valid.empty());
}

TEST_CASE("split: by keys and categories") {
  const Dataset dataset = stimuli(6, {kTest, kTest});
  const auto rest_trains = partitions(dataset, by(SplitLists{{}, {"s1"}, {"speech"}}))[0];
  CHECK(rest_trains.train == Indices{2, 4, 5});
  CHECK(rest_trains.valid == Indices{1});
  CHECK(rest_trains.test == Indices{0, 3});
  const auto named = partitions(dataset, by(SplitLists{{"s4", "s2"}, {}, {"s0"}}))[0];
  CHECK(named.train == Indices{2, 4});
  CHECK(named.unused == Indices{1, 3, 5});
}

TEST_CASE("split: folds hold out every stimulus that does not test, once") {
  const Dataset dataset = stimuli(7, {kTrain, kTest, kValid, kTrain, std::nullopt, kTrain, kValid});
  const auto found = partitions(dataset, by(SplitFromFile{}, 3));
  REQUIRE(found.size() == 3);
  CHECK(found[0].valid == Indices{0, 5});  // of 0 2 3 5 6 every third
  CHECK(found[1].valid == Indices{2, 6});
  CHECK(found[2].valid == Indices{3});
  CHECK(found[2].train == Indices{0, 2, 5, 6});
  for (const Partition& fold : found) {
    CHECK(fold.test == Indices{1});
    CHECK(fold.unused == Indices{4});
    check_complete(fold, 7);
  }
}

TEST_CASE("split: nested, every stimulus is tested by the folds of one outer fold, held out once") {
  SplitOptions options = by(SplitFromFile{});
  options.outer = 3;
  options.inner = 2;
  const auto found = partitions(stimuli(7), options);  // whatever the file says
  REQUIRE(found.size() == 6);
  CHECK(found[0].test == Indices{0, 3, 6});
  CHECK(found[0].valid == Indices{1, 4});  // every second of 1, 2, 4, 5
  CHECK(found[0].train == Indices{2, 5});
  CHECK(found[1].valid == Indices{2, 5});
  std::vector<int> tested(7, 0), held_out(7, 0);
  for (std::size_t fold = 0; fold < found.size(); ++fold) {
    check_complete(found[fold], 7);
    CHECK(found[fold].unused.empty());
    CHECK(found[fold].test == found[fold / 2 * 2].test);
    for (const auto i : found[fold].test) ++tested[i];
    for (const auto i : found[fold].valid) ++held_out[i];
  }
  CHECK(tested == std::vector<int>(7, 2));    // in both inner folds of one outer fold
  CHECK(held_out == std::vector<int>(7, 2));  // once in each of the two other outer folds
}

TEST_CASE("split: nested folds that cannot be, with what could") {
  const auto refused = [](std::size_t n, std::int64_t outer, std::int64_t inner) {
    SplitOptions options = by(SplitFromFile{});
    options.outer = outer;
    options.inner = inner;
    return split_refusal(stimuli(n), options);
  };
  const std::string where = "fit.yaml:4:3: data.split: ";
  CHECK(refused(2, 2, 2) == where + "needs three stimuli or more; found 2");
  CHECK(refused(3, 2, 2) == where + "expected from 3 to 3 outer folds; found 2");
  CHECK(refused(6, 7, 2) == where + "expected from 2 to 6 outer folds; found 7");
  CHECK(refused(6, 3, 5) == where +
                                "expected at least 2 inner folds, and at most one for each of the "
                                "4 stimuli that an outer fold leaves; found 5");
  CHECK(refused(6, 3, 4) == "no error");
}

TEST_CASE("split: the training stimuli with those that choose") {
  Partition one;
  one.train = {1, 4};
  one.valid = {0, 5};
  one.test = {2};
  const auto refit = with_validation_in_training({one});
  REQUIRE(refit.size() == 1);
  CHECK(refit[0].of(SplitName::train) == Indices{0, 1, 4, 5});
  CHECK(refit[0].of(SplitName::valid).empty());
  CHECK(refit[0].of(SplitName::test) == Indices{2});
}

TEST_CASE("split: a file of test stimuli alone is a partition, as scoring needs it") {
  const auto found = partitions(stimuli(3, {kTest, kTest, kTest}), by(SplitFromFile{}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].test == Indices{0, 1, 2});
  CHECK(describe(found[0]) == "3 test");
  CHECK(describe(partitions(stimuli(4, {kTrain, std::nullopt, kValid, kTrain}),
                            by(SplitFromFile{}))[0]) == "2 train, 1 valid, 1 unused");
}

TEST_CASE("split: what is refused, and what is said") {
  const std::string where = "fit.yaml:4:3: data.split: ";
  const std::string where_folds = "data.folds: ";
  CHECK(split_refusal(stimuli(3), by(SplitFromFile{})) ==
        where +
            "x.h5 has no split of the stimuli: give it here, for instance {valid: 0.15, test: 0.2, "
            "seed: 0}");
  CHECK(
      split_refusal(stimuli(2, {kTest, kValid}), by(SplitFromFile{})) ==
      where +
          "no stimulus of x.h5 is left for training (1 valid, 1 test): the split attributes of the "
          "file say so; give another split here, for instance {valid: 0.15, test: 0.2, seed: 0}");
  CHECK(split_refusal(stimuli(2), by(SplitFractions{0.1, 0.1, 0})) ==
        where +
            "no stimulus of x.h5 is left for training (1 valid, 1 test): give fewer stimuli to "
            "valid and test");
  CHECK(split_refusal(stimuli(9), by(SplitFractions{0.5, 0.5, 0})) ==
        where + "expected fractions of at least 0 with a sum below 1; found 0.5 and 0.5");
  CHECK(split_refusal(stimuli(9), by(SplitFractions{-0.1, 0.5, 0})) != "no error");
  CHECK(split_refusal(stimuli(6), by(SplitLists{{}, {"s1"}, {"noise"}})) ==
        where + "stimulus s1 is in the lists of both valid and test");
  CHECK(split_refusal(stimuli(6), by(SplitLists{{}, {"birds"}, {}})) ==
        where + "\"birds\" (valid) is neither key nor category of a stimulus of x.h5");
  CHECK(split_refusal(stimuli(3, {kTrain, kTrain, kTest}), by(SplitFromFile{}, 3)) ==
        where_folds +
            "expected from 2 to 2 folds, the number of stimuli besides the test stimuli; found 3");
  CHECK(split_refusal(stimuli(3, {kTrain, kTrain, kTest}), by(SplitFromFile{}, 1)) ==
        where_folds +
            "expected from 2 to 2 folds, the number of stimuli besides the test stimuli; found 1");
  CHECK(split_refusal(stimuli(3, {kTrain, kTest, kTest}), by(SplitFromFile{}, 2)) ==
        where_folds + "needs two stimuli or more besides the test stimuli; found 1");
}

}  // namespace
}  // namespace strffit
