#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "metrics/null_correlation.hpp"
#include "metrics/statistics.hpp"
#include "support/near.hpp"
#include "util/nan.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

using test::near;
using Floats = std::vector<float>;

struct Recording {
  std::vector<Floats> responses, predictions;
  std::vector<std::int64_t> frames;
  std::int64_t trials = 3;

  std::vector<Trials> views() const {
    std::vector<Trials> views;
    for (std::size_t s = 0; s < frames.size(); ++s) {
      views.push_back({responses[s].data(), trials, frames[s]});
    }
    return views;
  }
  std::vector<std::span<const float>> spans() const {
    return {predictions.begin(), predictions.end()};
  }
};

// Responses follow the prediction by `follow`.
Recording recording(std::uint64_t seed, double follow, std::vector<std::int64_t> frames) {
  Random random(seed);
  Recording made;
  made.frames = std::move(frames);
  for (const auto n : made.frames) {
    Floats prediction, responses;
    for (std::int64_t t = 0; t < n; ++t) {
      prediction.push_back(static_cast<float>(random.normal()));
    }
    for (std::int64_t i = 0; i < made.trials; ++i) {
      for (const float r : prediction) {
        responses.push_back(static_cast<float>(follow * r + random.normal() + 5));
      }
    }
    made.responses.push_back(responses);
    made.predictions.push_back(prediction);
  }
  return made;
}

// The definition, written out: turn the mean response, drop what is missing, correlate.
double correlation_at(const Recording& recording, const std::vector<std::int64_t>& shifts) {
  std::vector<double> r, y;
  for (std::size_t s = 0; s < recording.frames.size(); ++s) {
    const auto n = recording.frames[s];
    for (std::int64_t t = 0; t < n; ++t) {
      double sum = 0;
      int present = 0;
      for (std::int64_t i = 0; i < recording.trials; ++i) {
        const float value =
            recording.responses[s][static_cast<std::size_t>(i * n + (t - shifts[s] + n) % n)];
        if (std::isnan(value)) continue;
        sum += static_cast<double>(value);
        ++present;
      }
      if (present == 0) continue;
      y.push_back(sum / present);
      r.push_back(static_cast<double>(recording.predictions[s][static_cast<std::size_t>(t)]));
    }
  }
  return pearson(std::span<const double>(r), std::span<const double>(y));
}

}  // namespace

TEST_CASE("null correlation: the definition, with and without gaps") {
  const std::vector<std::size_t> places = {4, 9};
  const NullOptions options{40, 7, 11};
  for (const bool gaps : {false, true}) {
    auto made = recording(5, 0, {60, 41});
    if (gaps) {
      made.responses[0][3] = kNaN;  // of one trial
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t t = 10; t < 15; ++t) made.responses[1][i * 41 + t] = kNaN;
      }
    }
    const double found = correlation_at(made, {0, 0});
    std::vector<double> draws;
    for (std::int64_t draw = 0; draw < options.draws; ++draw) {
      draws.push_back(correlation_at(
          made, {null_shift(options, draw, 4, 60), null_shift(options, draw, 9, 41)}));
    }
    const auto above =
        std::count_if(draws.begin(), draws.end(), [&](double one) { return one >= found; });
    REQUIRE(above > 0);
    double sum = 0;
    for (const double one : draws) sum += one;
    const auto score = null_correlation(made.views(), made.spans(), places, options);
    // Tolerance: sums of 101 products, added up in another order.
    CHECK(score.p == static_cast<double>(1 + above) / 41);
    CHECK(score.mean == near(sum / 40, 1e-12, 1e-14));
    CHECK(score.sd == near(std::sqrt(variance(draws)), 1e-12));
  }
}

TEST_CASE("null correlation: p is least for a good prediction and uniform for a bad one") {
  const std::vector<std::size_t> places = {0, 1};
  const NullOptions options{199, 10, 0};
  const auto good = recording(1, 2, {150, 150});
  CHECK(null_correlation(good.views(), good.spans(), places, options).p == 1.0 / 200);
  // Reference: binomial(200, share) of uniform p-values, four standard deviations.
  int below_tenth = 0, below_half = 0;
  for (std::uint64_t unit = 0; unit < 200; ++unit) {
    const auto bad = recording(100 + unit, 0, {150, 150});
    const double p = null_correlation(bad.views(), bad.spans(), places, options).p;
    below_tenth += p <= 0.1;
    below_half += p <= 0.5;
  }
  CHECK(below_tenth > 20 - 17);
  CHECK(below_tenth < 20 + 17);
  CHECK(below_half > 100 - 29);
  CHECK(below_half < 100 + 29);
}

TEST_CASE("null correlation: undefined where the correlation is") {
  auto made = recording(1, 1, {60});
  std::fill(made.predictions[0].begin(), made.predictions[0].end(), 2.0F);
  const std::vector<std::size_t> places = {0};
  const auto score = null_correlation(made.views(), made.spans(), places, {10, 5, 0});
  CHECK(std::isnan(score.p));
  CHECK(std::isnan(score.mean));
}

TEST_CASE("null correlation: shifts keep their distance, reach everything else, and repeat") {
  const NullOptions options{0, 9, 3};
  std::set<std::int64_t> found;
  for (std::int64_t draw = 0; draw < 400; ++draw) {
    found.insert(null_shift(options, draw, 2, 30));
    CHECK(null_shift(options, draw, 2, 30) == null_shift(options, draw, 2, 30));
  }
  CHECK(*found.begin() == 9);
  CHECK(*found.rbegin() == 21);
  CHECK(found.size() == 13);
  CHECK(null_shifts(options, std::vector<std::int64_t>{30, 20}) == 13 * 3);
  CHECK(null_shifts(options, std::vector<std::int64_t>{30, 17}) == 0);
}

}  // namespace strffit
