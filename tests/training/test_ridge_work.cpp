// What the closed form takes, counted by hand.
#include <ATen/Functions.h>

#include "training/ridge_work.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

// `stimuli` of `frames` each, 2 bands, 3 units whose targets vary.
RidgeData some_ridge_data(std::int64_t stimuli, std::int64_t frames) {
  RidgeData data;
  data.layout = ops::join(std::vector<std::int64_t>(static_cast<std::size_t>(stimuli), frames), 4);
  data.x = at::rand({1, data.layout->total, 2});
  data.targets = at::full({3, data.layout->total}, std::numeric_limits<float>::quiet_NaN());
  for (const auto& segment : data.layout->segments)
    data.targets.narrow(1, segment.begin, segment.frames).copy_(at::rand({3, segment.frames}));
  return data;
}

// 3 lags of 2 bands are D = 6 unknowns, and a grid has 22 penalties.
TEST_CASE("work of the closed form: as counted by hand") {
  const auto train = some_ridge_data(8, 10);
  auto valid = some_ridge_data(2, 5);
  const std::vector<std::vector<std::int64_t>> blocks = {{0, 1}, {2}};
  const auto& flat = priors_of(RidgePrior::flat);
  auto work = work_of_ridge(train, &valid, 3, blocks, flat);
  CHECK(work.gram == 80 * 36);
  CHECK(work.rows == 2 * 80 * 6 + 22 * 2 * 10 * 6);
  CHECK(work.score == 80 * 6 * 3 + 22 * 10 * 6 * 3);
  CHECK(work.factor == 22 * 216);
  CHECK(work.solve == 22 * 36 * 3);
  CHECK(work.bytes > 36 * 8);

  // Unit 2 is silent in validation: of the eight training stimuli two are held out for it, and it
  // is solved for once more on all of them.
  valid.targets[2].zero_();
  work = work_of_ridge(train, &valid, 3, blocks, flat);
  CHECK(work.gram == 80 * 36 + 60 * 36);
  CHECK(work.rows == 2 * 80 * 6 + 22 * 2 * 10 * 6 + 2 * 60 * 6 + 22 * 20 * 6);
  CHECK(work.score == 80 * 6 * 3 + 22 * 10 * 6 * 3 + 60 * 6 * 3 + 22 * 20 * 6);
  CHECK(work.factor == 22 * 216 + 22 * 216 + 216);
  CHECK(work.solve == 22 * 36 * 3 + 22 * 36 + 36);

  // After a refit three units have three choices; of the first block both are solved for with each.
  work = work_of_ridge_as_chosen(train, 3, blocks, flat);
  CHECK(work.gram == 80 * 36);
  CHECK(work.rows == 2 * 80 * 6);
  CHECK(work.score == 80 * 6 * 3);
  CHECK(work.factor == 3 * 216);
  CHECK(work.solve == 36 * (2 * 2 + 1));

  CHECK(work_of_covariance(train, 3).gram == 80 * 36);
}

TEST_CASE("work of the closed form: units with other frames have a Gram matrix of their own") {
  auto train = some_ridge_data(8, 10);
  const auto first = train.layout->segments.front();
  train.targets[1]
      .narrow(0, first.begin, first.frames)
      .fill_(std::numeric_limits<float>::quiet_NaN());
  const auto work = work_of_ridge_as_chosen(train, 3, {{0, 1, 2}}, priors_of(RidgePrior::flat));
  CHECK(work.gram == 80 * 36 + 70 * 36);
  CHECK(work.rows == 80 * 6 + 70 * 6);
  CHECK(work.score == 80 * 6 * 2 + 70 * 6);
}

// A prior over two bands and three lags leaves at most the six unknowns.
TEST_CASE("work of the closed form: smooth priors have fewer unknowns, and seconds are finite") {
  const auto train = some_ridge_data(8, 10);
  const auto valid = some_ridge_data(2, 5);
  const auto& smooth = priors_of(RidgePrior::smooth);
  const auto work = work_of_ridge(train, &valid, 3, {{0, 1, 2}}, smooth);
  const auto count = static_cast<double>(smooth.size());
  CHECK(work.gram == 80 * 36);  // one for all
  CHECK(work.score == 80 * 6 * 3 + count * 22 * 10 * 6 * 3);
  CHECK(work.factor <= count * 22 * 216);
  CHECK(work.factor > 22 * 216);
  const double seconds = seconds_of(work, train, 3);
  CHECK(seconds > 0);
  CHECK(seconds < 10);
  auto twice = work;
  twice += work;
  CHECK(twice.factor == 2 * work.factor);
  CHECK(twice.bytes == work.bytes);
}

}  // namespace
}  // namespace strffit
