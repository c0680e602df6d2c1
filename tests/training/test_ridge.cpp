#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>
#include <limits>

#include "ops/layout.hpp"
#include "training/ridge.hpp"
#include "training/study.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

using namespace strffit;

namespace {

struct Problem {
  RidgeData data;
  at::Tensor rows, targets;  // (T, D + 1) written out, with a column of ones; (T, N)
};

// Two stimuli of noise; lagged rows made frame by frame, zeros before each start.
Problem problem(std::int64_t lags, bool holes) {
  at::manual_seed(1);
  const std::int64_t inputs = 3, units = 2;
  Problem p;
  p.data.layout = ops::join({40, 25}, lags - 1);
  p.data.x = at::zeros({1, p.data.layout->total, inputs});
  p.data.targets = at::full({units, p.data.layout->total}, std::numeric_limits<float>::quiet_NaN());
  std::vector<at::Tensor> rows, targets;
  for (const auto& [begin, frames] : p.data.layout->segments) {
    p.data.x[0].narrow(0, begin, frames).copy_(at::randn({frames, inputs}));
    p.data.targets.narrow(1, begin, frames).copy_(at::randn({units, frames}));
    for (std::int64_t t = begin; t < begin + frames; ++t) {
      std::vector<at::Tensor> row;
      for (std::int64_t l = 0; l < lags; ++l) row.push_back(p.data.x[0][t - l]);
      row.push_back(at::ones({1}));
      rows.push_back(at::cat(row));
      targets.push_back(p.data.targets.select(1, t).clone());
    }
  }
  p.rows = at::stack(rows).to(at::kDouble);
  p.targets = at::stack(targets).to(at::kDouble);
  if (holes) {
    for (const std::int64_t t : {3, 4, 50}) {
      p.targets[t][1].fill_(std::numeric_limits<double>::quiet_NaN());
      const auto& segments = p.data.layout->segments;
      p.data.targets[1][t < 40 ? segments[0].begin + t : segments[1].begin + t - 40].fill_(
          std::numeric_limits<float>::quiet_NaN());
    }
  }
  return p;
}

}  // namespace

TEST_CASE("ridge solves the normal equations, units with missing frames too") {
  // Reference: the gradient of the penalised squared error is zero at its minimum. Tolerance:
  // products in single precision, relative to the size of the terms.
  for (const bool holes : {false, true}) {
    const std::int64_t lags = 4;
    const auto p = problem(lags, holes);
    const auto solution =
        ridge(p.data, &p.data, lags, {{0, 1}}, priors_of(RidgePrior::flat)).front();
    CHECK((solution.chosen_on == std::vector<ChosenOn>(2, ChosenOn::validation)));
    const auto D = p.rows.size(1) - 1;
    for (std::int64_t n = 0; n < 2; ++n) {
      const auto there = at::isnan(p.targets.select(1, n)).logical_not().nonzero().flatten();
      const auto A = p.rows.index_select(0, there),
                 y = p.targets.select(1, n).index_select(0, there);
      const auto inputs = A.narrow(1, 0, D);
      const auto centred = inputs - inputs.mean(0, true);
      const double power = centred.square().sum(0).mean().item<double>();
      const double penalty = solution.choices[static_cast<std::size_t>(n)].penalty * power;
      const auto w = solution.weights[n].t().reshape(-1).to(at::kDouble);  // lag by lag
      const auto error = y - at::mv(inputs, w) - solution.bias[n].item<double>();
      const auto gradient = at::mv(inputs.t(), error) - penalty * w;
      CHECK(gradient.abs().max().item<double>() <
            1e-4 * at::mv(inputs.t(), y).abs().max().item<double>());
      CHECK(std::abs(error.mean().item<double>()) < 1e-5);
    }
  }
}

TEST_CASE("a smooth prior: the gradient of the penalised error is zero, with its correlations") {
  // Reference: at the minimum of |y - X w|^2 + penalty w' C^-1 w, C X' (y - X w) = penalty w, C
  // written out weight by weight. Tolerance: directions of C below 1e-4 of the largest are left
  // out, of each of the two axes.
  const std::int64_t lags = 4, bands = 3;
  auto p = problem(lags, false);
  const Smoothness smoothness{2, 1};
  const auto solution = ridge(p.data, &p.data, lags, {{0, 1}}, {smoothness}).front();
  CHECK((solution.choices[0].smoothness == smoothness));
  const auto D = lags * bands;
  auto C = at::zeros({D, D}, at::kDouble);
  for (std::int64_t a = 0; a < D; ++a) {
    for (std::int64_t b = 0; b < D; ++b) {
      const double lag = static_cast<double>(a / bands - b / bands) / smoothness.lags,
                   band = static_cast<double>(a % bands - b % bands) / smoothness.bands;
      C[a][b] = std::exp(-(lag * lag + band * band) / 2);
    }
  }
  const auto inputs = p.rows.narrow(1, 0, D);
  const auto centred = inputs - inputs.mean(0, true);
  const double power = centred.square().sum(0).mean().item<double>();
  for (std::int64_t n = 0; n < 2; ++n) {
    const auto y = p.targets.select(1, n);
    const double penalty = solution.choices[static_cast<std::size_t>(n)].penalty * power;
    const auto w = solution.weights[n].t().reshape(-1).to(at::kDouble);  // lag by lag
    const auto error = y - at::mv(inputs, w) - solution.bias[n].item<double>();
    const auto gradient = at::mv(C, at::mv(inputs.t(), error)) - penalty * w;
    CHECK(gradient.abs().max().item<double>() <
          2e-3 * at::mv(C, at::mv(inputs.t(), y)).abs().max().item<double>());
    CHECK(w.abs().max().item<double>() > 0);
  }
}

TEST_CASE("a smooth prior finds smooth receptive fields better, channel by channel") {
  // Two channels of 8 bands, opposite receptive fields with a hump each, a short noisy recording.
  at::manual_seed(2);
  const std::int64_t lags = 6, bands = 8, frames = 400;
  auto truth = at::zeros({2, bands, lags});
  for (std::int64_t f = 0; f < bands; ++f) {
    for (std::int64_t l = 0; l < lags; ++l) {
      const auto hump = static_cast<float>(std::exp(-std::pow(static_cast<double>(f) - 3, 2) / 8 -
                                                    std::pow(static_cast<double>(l) - 2, 2) / 4));
      truth[0][f][l] = hump;
      truth[1][f][l] = -hump;
    }
  }
  const auto make = [&] {
    RidgeData data{{}, {}, ops::join({frames}, lags - 1), 2};
    const auto begin = data.layout->segments[0].begin;
    data.x = at::zeros({1, data.layout->total, 2 * bands});
    data.x[0].narrow(0, begin, frames).copy_(at::randn({frames, 2 * bands}));
    data.targets = at::full({1, data.layout->total}, std::numeric_limits<float>::quiet_NaN());
    auto y = 8 * at::randn({frames});
    for (std::int64_t l = 0; l < lags; ++l)
      y += at::mv(data.x[0].narrow(0, begin - l, frames), truth.select(2, l).reshape(-1));
    data.targets[0].narrow(0, begin, frames).copy_(y);
    return data;
  };
  const auto train = make(), valid = make();
  const auto similarity = [&](RidgePrior prior) {
    const auto solution = ridge(train, &valid, lags, {{0}}, priors_of(prior)).front();
    const auto w = solution.weights[0].flatten(), t = truth.flatten();
    return (at::dot(w, t) / (w.norm() * t.norm())).item<double>();
  };
  CHECK(similarity(RidgePrior::smooth) > similarity(RidgePrior::flat) + 0.05);
}

TEST_CASE("what was chosen before gives the same weights again, and on other data its own") {
  const std::int64_t lags = 4;
  const auto p = problem(lags, true);
  const std::vector<std::vector<std::int64_t>> blocks = {{0, 1}};
  const auto first = ridge(p.data, &p.data, lags, blocks, priors_of(RidgePrior::smooth)).front();
  const auto again = ridge_as_chosen(p.data, lags, blocks, {first.choices}).front();
  CHECK((again.choices == first.choices));
  CHECK(again.weights.equal(first.weights));
  CHECK(again.bias.equal(first.bias));
  auto other = p.data;
  other.targets = -2 * p.data.targets;  // the closed form is linear in them
  const auto scaled = ridge_as_chosen(other, lags, blocks, {first.choices}).front();
  CHECK((scaled.weights + 2 * first.weights).abs().max().item<double>() < 1e-6);
}

TEST_CASE(
    "ridge without validation stimuli holds some training stimuli out, and one stimulus gets the "
    "middle of the grid") {
  auto p = problem(2, false);
  const auto split = ridge(p.data, nullptr, 2, {{0, 1}}, priors_of(RidgePrior::smooth)).front();
  CHECK((split.chosen_on == std::vector<ChosenOn>(2, ChosenOn::held_out)));
  auto one = std::make_shared<ops::Layout>(*p.data.layout);
  one->segments.pop_back();
  p.data.layout = one;
  // What is beyond the only stimulus must not count.
  p.data.targets.narrow(1, 50, p.data.targets.size(1) - 50)
      .fill_(std::numeric_limits<float>::quiet_NaN());
  const auto single = ridge(p.data, nullptr, 2, {{0, 1}}, priors_of(RidgePrior::smooth)).front();
  CHECK((single.choices[0].smoothness == Smoothness{}));
  CHECK(single.choices[0].penalty == single.grid[single.grid.size() / 2]);
  CHECK(single.chosen_on[0] == ChosenOn::nothing);
  CHECK(single.weights.isfinite().all().item<bool>());
}

TEST_CASE("ridge: a unit whose validation responses say nothing chooses as without any") {
  // Reference: the same units without validation stimuli. Bits: the same products.
  const auto p = problem(3, false);
  const auto priors = priors_of(RidgePrior::smooth);
  const std::vector<std::vector<std::int64_t>> blocks = {{0, 1}};
  const auto seen = ridge(p.data, &p.data, 3, blocks, priors).front();
  const auto without = ridge(p.data, nullptr, 3, blocks, priors).front();
  for (const float value : {0.0F, 3.0F, std::numeric_limits<float>::quiet_NaN()}) {
    CAPTURE(value);
    auto valid = p.data;
    valid.targets = p.data.targets.clone();
    valid.targets[1].fill_(value);
    const auto solution = ridge(p.data, &valid, 3, blocks, priors).front();
    CHECK((solution.chosen_on == std::vector<ChosenOn>{ChosenOn::validation, ChosenOn::held_out}));
    CHECK(solution.choices[0] == seen.choices[0]);
    CHECK(solution.weights[0].equal(seen.weights[0]));
    CHECK(solution.choices[1] == without.choices[1]);
    CHECK(solution.weights[1].equal(without.weights[1]));
  }
}

TEST_CASE("ridge: stimuli in which a unit is silent are not those that are held out for it") {
  // The first of two stimuli would be; the unit is silent there, or was not recorded.
  for (const float value : {0.0F, std::numeric_limits<float>::quiet_NaN()}) {
    CAPTURE(value);
    auto p = problem(3, false);
    p.data.targets = p.data.targets.clone();
    const auto& first = p.data.layout->segments.front();
    p.data.targets[1].narrow(0, first.begin, first.frames).fill_(value);
    const auto solution = ridge(p.data, nullptr, 3, {{0, 1}}, priors_of(RidgePrior::flat)).front();
    CHECK(solution.chosen_on[0] == ChosenOn::held_out);
    CHECK(solution.chosen_on[1] == ChosenOn::nothing);  // nothing to learn from is left, either
    CHECK(solution.weights.isfinite().all().item<bool>());
  }
}

TEST_CASE("ridge recovers the receptive fields that a simulation was made with") {
  const auto simulation = simulate({});
  const test::Study study(simulation.dataset,
                          {"model.kind=linear", "model.context=20", "fit.solver=ridge"});
  const auto result = study.fit();
  const auto& weights = result.best.at("strf/weight");  // (1, N, 1, F, L)
  const auto N = simulation.truth.strf.dim(0), F = simulation.truth.strf.dim(1),
             L = simulation.truth.strf.dim(2);
  const auto truth =
      at::from_blob(const_cast<float*>(simulation.truth.strf.data()), {N, F, L}, at::kFloat);
  const auto lags = std::min<std::int64_t>(L, 20);
  for (std::int64_t n = 0; n < N; ++n) {
    const auto a = weights[0][n][0].narrow(1, 0, lags).flatten(),
               b = truth[n].narrow(1, 0, lags).flatten();
    const auto correlation =
        at::dot(a - a.mean(), b - b.mean()) / ((a - a.mean()).norm() * (b - b.mean()).norm());
    CHECK(correlation.item<double>() > 0.9);
  }
}
