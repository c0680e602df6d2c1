#include "training/ridge.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "metrics/statistics.hpp"
#include "ops/autograd.hpp"
#include "ops/gemm.hpp"

namespace strffit {
namespace {

using Index = std::int64_t;

constexpr double kGridLow = 1e-4,
                 kGridHigh = 1e3;  // of the penalty, relative to the inputs' mean power
constexpr Index kGridPoints = 22;
constexpr Index kRows = 512;  // frames written out at once

std::vector<double> penalty_grid() {
  std::vector<double> grid;
  for (Index i = 0; i < kGridPoints; ++i) {
    grid.push_back(kGridLow *
                   std::pow(kGridHigh / kGridLow, static_cast<double>(i) / (kGridPoints - 1)));
  }
  return grid;
}

// Calls use(rows, count, frames): the inputs of up to kRows frames, (count, L I) with lag 0 first,
// and which frames they are.
template <class Use>
void for_lagged_rows(const RidgeData& data, Index lags, const std::vector<char>& wanted,
                     Use&& use) {
  const auto I = data.x.size(2), D = lags * I;
  const auto x = data.x.contiguous();
  std::vector<float> rows(static_cast<std::size_t>(kRows * D));
  std::vector<Index> frames;
  const auto flush = [&] {
    if (!frames.empty()) use(rows.data(), static_cast<Index>(frames.size()), frames);
    frames.clear();
  };
  for (const auto& [begin, length] : data.layout->segments) {
    for (Index t = begin; t < begin + length; ++t) {
      if (!wanted[static_cast<std::size_t>(t)]) continue;
      float* row = &rows[frames.size() * static_cast<std::size_t>(D)];
      for (Index l = 0; l < lags; ++l)
        std::copy_n(x.data_ptr<float>() + (t - l) * I, I, row + l * I);
      frames.push_back(t);
      if (static_cast<Index>(frames.size()) == kRows) flush();
    }
  }
  flush();
}

// Sums of one group of units with the same frames, double.
struct Moments {
  at::Tensor gram, cross, mean;  // (D, D), (D, units) centred; (D)
  at::Tensor target_mean;        // (units)
  double power = 0;              // mean of the Gram matrix's diagonal
};

Moments moments(const RidgeData& data, Index lags, const std::vector<Index>& units,
                const std::vector<char>& wanted) {
  const auto D = lags * data.x.size(2), U = static_cast<Index>(units.size());
  const auto y = data.targets.index_select(0, at::tensor(units, at::kLong)).contiguous();  // (U, S)
  auto gram = at::zeros({D, D}, at::kDouble), cross = at::zeros({D, U}, at::kDouble);
  auto sum = at::zeros({D}, at::kDouble), target_sum = at::zeros({U}, at::kDouble);
  auto part = at::empty({D, D}, at::kFloat), part_cross = at::empty({D, U}, at::kFloat);
  std::vector<float> targets(static_cast<std::size_t>(kRows * U));
  double n = 0;
  for_lagged_rows(
      data, lags, wanted, [&](const float* rows, Index count, const std::vector<Index>& frames) {
        for (Index r = 0; r < count; ++r) {
          for (Index u = 0; u < U; ++u) {
            targets[static_cast<std::size_t>(r * U + u)] =
                y.data_ptr<float>()[u * y.size(1) + frames[static_cast<std::size_t>(r)]];
          }
        }
        // Products in single precision over 512 frames, sums in double.
        ops::gemm(true, false, D, D, count, rows, D, rows, D, 0.0F, part.data_ptr<float>(), D);
        ops::gemm(true, false, D, U, count, rows, D, targets.data(), U, 0.0F,
                  part_cross.data_ptr<float>(), U);
        gram.add_(part);
        cross.add_(part_cross);
        sum.add_(at::from_blob(const_cast<float*>(rows), {count, D}, at::kFloat)
                     .sum(0, false, at::kDouble));
        target_sum.add_(
            at::from_blob(targets.data(), {count, U}, at::kFloat).sum(0, false, at::kDouble));
        n += static_cast<double>(count);
      });
  Moments m;
  m.mean = sum / n;
  m.target_mean = target_sum / n;
  m.gram = gram.sub_(at::outer(m.mean, m.mean) * n);
  m.cross = cross.sub_(at::outer(m.mean, m.target_mean) * n);
  m.power = gram.diagonal().mean().item<double>();
  return m;
}

// Weights (D, units) for one penalty.
at::Tensor solve(const Moments& m, double penalty) {
  auto system = m.gram.clone();
  system.diagonal().add_(std::max(penalty * m.power, 1e-12));
  return at::cholesky_solve(m.cross, at::linalg_cholesky(system));
}

// Units with the same frames that count, by their pattern. Units without any are left out.
std::vector<std::pair<std::vector<Index>, std::vector<char>>> groups(const at::Tensor& targets) {
  const auto N = targets.size(0), S = targets.size(1);
  const auto y = targets.contiguous();
  std::map<std::vector<char>, std::vector<Index>> by_pattern;
  for (Index n = 0; n < N; ++n) {
    std::vector<char> there(static_cast<std::size_t>(S));
    bool any = false;
    for (Index t = 0; t < S; ++t) {
      there[static_cast<std::size_t>(t)] = !std::isnan(y.data_ptr<float>()[n * S + t]);
      any = any || there[static_cast<std::size_t>(t)];
    }
    if (any) by_pattern[there].push_back(n);
  }
  std::vector<std::pair<std::vector<Index>, std::vector<char>>> result;
  for (const auto& [pattern, units] : by_pattern) result.emplace_back(units, pattern);
  return result;
}

// Correlation of each unit's prediction with its targets; NaN where undefined. weights (D, units).
std::vector<double> correlations(const RidgeData& data, Index lags, const std::vector<Index>& units,
                                 const at::Tensor& weights) {
  const auto U = static_cast<Index>(units.size()), S = data.targets.size(1), D = weights.size(0);
  const auto w = weights.to(at::kFloat).contiguous();
  std::vector<char> all(static_cast<std::size_t>(S), 1);
  std::vector<float> out(static_cast<std::size_t>(kRows * U));
  std::vector<std::vector<double>> predicted(units.size()), observed(units.size());
  const auto y = data.targets.contiguous();
  for_lagged_rows(
      data, lags, all, [&](const float* rows, Index count, const std::vector<Index>& frames) {
        ops::gemm(false, false, count, U, D, rows, D, w.data_ptr<float>(), U, 0.0F, out.data(), U);
        for (Index u = 0; u < U; ++u) {
          const auto i = static_cast<std::size_t>(u);
          for (Index r = 0; r < count; ++r) {
            const float value =
                y.data_ptr<float>()[units[i] * S + frames[static_cast<std::size_t>(r)]];
            if (std::isnan(value)) continue;
            predicted[i].push_back(static_cast<double>(out[static_cast<std::size_t>(r * U + u)]));
            observed[i].push_back(static_cast<double>(value));
          }
        }
      });
  std::vector<double> result;
  for (std::size_t i = 0; i < units.size(); ++i) {
    result.push_back(predicted[i].size() < 2 ? std::numeric_limits<double>::quiet_NaN()
                                             : pearson(predicted[i], observed[i]));
  }
  return result;
}

// Splits the stimuli: every fourth one held out.
std::pair<RidgeData, RidgeData> held_out(const RidgeData& data) {
  RidgeData train = data, valid = data;
  auto kept = std::make_shared<ops::Layout>(*data.layout),
       left = std::make_shared<ops::Layout>(*data.layout);
  kept->segments.clear();
  left->segments.clear();
  for (std::size_t i = 0; i < data.layout->segments.size(); ++i) {
    (i % 4 == 3 || (data.layout->segments.size() < 4 && i == 0) ? left : kept)
        ->segments.push_back(data.layout->segments[i]);
  }
  train.layout = kept;
  valid.layout = left;
  return {train, valid};
}

}  // namespace

RidgeSolution ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags) {
  const ops::WithoutGradients guard;
  const auto I = train.x.size(2), D = lags * I, N = train.targets.size(0);
  RidgeSolution solution;
  solution.grid = penalty_grid();
  solution.penalties.assign(static_cast<std::size_t>(N), std::numeric_limits<double>::quiet_NaN());
  solution.chosen_on_validation = valid != nullptr;
  auto weights = at::zeros({D, N}, at::kDouble);
  auto bias = at::zeros({N}, at::kDouble);
  const bool can_split = train.layout->segments.size() > 1;
  const auto split = can_split ? held_out(train) : std::make_pair(train, train);

  for (const auto& [units, frames] : groups(train.targets)) {
    const auto index = at::tensor(units, at::kLong);
    const auto whole = moments(train, lags, units, frames);
    if (!(whole.power > 0)) continue;  // constant inputs: nothing to learn, the mean is the best
    const auto chosen_with = valid ? whole : moments(split.first, lags, units, frames);
    std::vector<double> best(units.size(), -std::numeric_limits<double>::infinity());
    std::vector<std::size_t> choice(units.size(), solution.grid.size() / 2);
    if (valid || can_split) {
      for (std::size_t g = solution.grid.size(); g-- > 0;) {  // of equals the stronger
        const auto w = solve(chosen_with, solution.grid[g]);
        const auto scores = correlations(valid ? *valid : split.second, lags, units, w);
        for (std::size_t u = 0; u < units.size(); ++u) {
          if (scores[u] > best[u]) {
            best[u] = scores[u];
            choice[u] = g;
          }
        }
      }
    }
    for (std::size_t g = 0; g < solution.grid.size(); ++g) {
      std::vector<Index> here;
      for (std::size_t u = 0; u < units.size(); ++u) {
        if (choice[u] == g) here.push_back(static_cast<Index>(u));
      }
      if (here.empty()) continue;
      const auto places = at::tensor(here, at::kLong);
      weights.index_copy_(1, index.index_select(0, places),
                          solve(whole, solution.grid[g]).index_select(1, places));
    }
    const auto own = weights.index_select(1, index);
    bias.index_copy_(0, index, whole.target_mean - at::matmul(whole.mean, own));
    for (std::size_t u = 0; u < units.size(); ++u)
      solution.penalties[static_cast<std::size_t>(units[u])] = solution.grid[choice[u]];
  }
  solution.weights = weights.view({lags, I, N}).permute({2, 1, 0}).to(at::kFloat).contiguous();
  solution.bias = bias.to(at::kFloat);
  return solution;
}

}  // namespace strffit
