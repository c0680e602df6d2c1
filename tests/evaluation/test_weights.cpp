// Reference: every weight of the grid tried by hand, and a run that predicts nothing.
#include <ATen/Functions.h>

#include <cmath>
#include <numeric>

#include "dataset/dataset.hpp"
#include "evaluation/fitted.hpp"
#include "evaluation/weights.hpp"
#include "formats/checkpoint.hpp"
#include "metrics/summarise.hpp"
#include "support/near.hpp"
#include "support/vector_path.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::near;

// Two runs of the four members of the vectors, the second's kernels turned round in time.
struct TwoRuns {
  Checkpoint good = read_checkpoint(test::vector_path("ln_full_adaptrans/checkpoint.h5"));
  Checkpoint other = good;
  Dataset dataset = read_dataset(test::vector_path("ln_full_adaptrans/dataset.h5"));

  TwoRuns() { other.tensors["strf/weight"] = good.tensors.at("strf/weight").flip(-1).clone(); }

  ScoringData data() const {
    return {&dataset, places_of_units(good, dataset), false, run_options("cpu", 2)};
  }
  static Average alone(const Checkpoint& checkpoint) {
    return {
        {{&checkpoint, 1, {}, {}}}, {{AverageGroup::kAnySetting, -1}}, checkpoint.roster.units()};
  }
};

TEST_CASE("weights: the grid has equal weights first, and every step") {
  const auto two = weight_grid(2);
  REQUIRE(two.size() == 1 + 21);
  CHECK(two.front() == std::vector<double>{0.5, 0.5});
  CHECK(weight_grid(3).size() == 1 + 231);
  CHECK(weight_grid(5).size() == 1 + 1001);
  CHECK(weight_grid(10).size() == 1 + 2002);
  for (const auto& weights : weight_grid(6)) {
    CHECK(std::accumulate(weights.begin(), weights.end(), 0.0) == near(1, 1e-12));
    for (const double weight : weights) CHECK(weight >= 0);
  }
}

TEST_CASE("weights: those with which the mean score over units is highest") {
  const TwoRuns runs;
  const auto data = runs.data();
  const auto chosen = choose_weights({TwoRuns::alone(runs.good), TwoRuns::alone(runs.other)}, data,
                                     Averages::unseen);
  REQUIRE(chosen.weights.size() == 2);
  double best = -INFINITY;
  std::vector<double> best_weights;
  for (const auto& weights : weight_grid(2)) {
    // The same average by score_average(), which knows nothing of the grid. A weight of 0 leaves a
    // run out.
    Average average = TwoRuns::alone(weights[0] > 0 ? runs.good : runs.other);
    if (weights[0] > 0 && weights[1] > 0) {
      average.parts = {{&runs.good, weights[0], {}, {}}, {&runs.other, weights[1], {}, {}}};
    }
    std::vector<double> scores;
    for (const auto& one : score_average(average, data, Averages::unseen))
      scores.push_back(chosen.score == "cc" ? one.cc : one.cc_norm);
    const double mean = summarise(scores).mean;
    if (mean > best + 1e-9) {
      best = mean;
      best_weights = weights;
    }
  }
  // Tolerance: means in float32 are rounded in another order.
  CHECK(chosen.best == near(best, 1e-5));
  CHECK(chosen.weights == best_weights);
  CHECK(chosen.best >= chosen.equal);
}

TEST_CASE("weights: of a run that gains nothing none, and what cannot be weighed") {
  TwoRuns runs;
  // Nothing but noise: every member predicts the same, whatever the sound.
  runs.other.tensors["strf/weight"] = at::zeros_like(runs.good.tensors.at("strf/weight"));
  const auto good = TwoRuns::alone(runs.good), nothing = TwoRuns::alone(runs.other);
  // A constant changes no correlation, so equal weights are as good as any.
  CHECK(choose_weights({good, nothing}, runs.data(), Averages::unseen).weights ==
        std::vector<double>{0.5, 0.5});
  CHECK_THROWS_WITH_AS(choose_weights({nothing, nothing}, runs.data(), Averages::unseen),
                       doctest::Contains("no unit has a score"), ConfigError);
  CHECK_THROWS_WITH_AS(
      choose_weights(std::vector<Average>(11, good), runs.data(), Averages::unseen),
      doctest::Contains("10 runs at most; found 11"), ConfigError);
}

}  // namespace
}  // namespace strffit
