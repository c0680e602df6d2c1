#include <doctest/doctest.h>

#include <cmath>

#include "dataset/inspect.hpp"
#include "support/near.hpp"
#include "support/vector_path.hpp"

namespace strffit {
namespace {

using test::near;

const std::string kOddFile = test::vector_path("files/odd_dataset.h5");

TEST_CASE("inspect: seconds, trials, rates and gaps, by hand from make_files.py") {
  const DatasetSummary summary = summarise(read_dataset(kOddFile));
  CHECK(summary.seconds == near((5 + 6 + 1 + 6) * 0.002, 1e-12));
  REQUIRE(summary.stimuli.size() == 4);
  const StimulusSummary& b = summary.stimuli[1];
  CHECK(b.key == "b");
  CHECK(b.name == "second");
  CHECK(b.category == "speech");
  CHECK(b.split == SplitName::train);
  CHECK(b.frames == 6);
  CHECK(b.trials == 2);
  CHECK(b.missing == near((12 + 6 + 2) / 48.0, 1e-12));
  const StimulusSummary& c9 = summary.stimuli[3];
  CHECK(c9.response_per_second == near((150 + 2.5) / 0.002, 1e-12));

  REQUIRE(summary.units.size() == 4);
  const UnitSummary& second = summary.units[1];  // id 0-1: missing in b
  CHECK(second.id == "0-1");
  CHECK(second.stimuli == 3);
  CHECK(second.trials_fewest == 1);
  CHECK(second.trials_most == 3);
  CHECK(second.missing == near(12.0 / 34, 1e-12));
  CHECK_FALSE(second.constant);
  const UnitSummary& third = summary.units[2];  // one trial missing in b
  CHECK(third.stimuli == 4);
  CHECK(third.trials_fewest == 1);
  CHECK(third.trials_most == 3);
}

TEST_CASE("inspect: silent and absent units") {
  Dataset dataset;
  dataset.axes = {10, {1000}};
  dataset.unit_ids = {"silent", "absent"};
  Stimulus stimulus;
  stimulus.spectrogram = Array<float>({1, 2});
  stimulus.responses =
      Array<float>({2, 1, 2}, std::vector<float>{0, 0, std::nanf(""), std::nanf("")});
  dataset.stimuli = {stimulus};
  const DatasetSummary summary = summarise(dataset);
  CHECK(summary.units[0].constant);
  CHECK(summary.units[0].response_per_second == 0);
  CHECK_FALSE(summary.units[1].constant);
  CHECK(std::isnan(summary.units[1].response_per_second));
  CHECK(summary.units[1].missing == 1);
  CHECK(summary.units[1].stimuli == 0);
}

TEST_CASE("inspect: the same spectrogram on two sides of a split is a leak") {
  const Dataset dataset = read_dataset(kOddFile);
  const DatasetSummary summary = summarise(dataset);
  REQUIRE(summary.leaks.size() == 1);
  CHECK(dataset.stimuli[summary.leaks[0].first].key == "b");
  CHECK(dataset.stimuli[summary.leaks[0].second].key == "c9");

  Partition partition;
  partition.train = {0, 1, 3};
  partition.test = {2};
  CHECK(find_leaks(dataset, partition).empty());
  partition.train = {0, 3};
  partition.unused = {1};
  CHECK(find_leaks(dataset, partition).empty());
  partition.unused = {};
  partition.valid = {1};
  CHECK(find_leaks(dataset, partition).size() == 1);
}

}  // namespace
}  // namespace strffit
