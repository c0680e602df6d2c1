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

// Sums over the frames that count for a group of units, double.
struct Gram {
  at::Tensor gram, mean;  // (D, D) centred; (D)
  double frames = 0;
  double power = 0;  // mean of the diagonal

  // Factor of the system for one penalty.
  at::Tensor factor(double penalty) const {
    auto system = gram.clone();
    system.diagonal().add_(std::max(penalty * power, 1e-12));
    return at::linalg_cholesky(system);
  }
};

Gram gram_of(const RidgeData& data, Index lags, const std::vector<char>& wanted) {
  const auto D = lags * data.x.size(2);
  Gram result;
  result.gram = at::zeros({D, D}, at::kDouble);
  result.mean = at::zeros({D}, at::kDouble);
  auto part = at::empty({D, D}, at::kFloat);
  for_lagged_rows(
      data, lags, wanted, [&](const float* rows, Index count, const std::vector<Index>&) {
        // Products in single precision over 512 frames, sums in double.
        ops::gemm(true, false, D, D, count, rows, D, rows, D, 0.0F, part.data_ptr<float>(), D);
        result.gram.add_(part);
        result.mean.add_(at::from_blob(const_cast<float*>(rows), {count, D}, at::kFloat)
                             .sum(0, false, at::kDouble));
        result.frames += static_cast<double>(count);
      });
  result.mean.div_(result.frames);
  result.gram.sub_(at::outer(result.mean, result.mean) * result.frames);
  result.power = result.gram.diagonal().mean().item<double>();
  return result;
}

// Of some units of that group with the inputs.
struct Cross {
  at::Tensor cross, target_mean;  // (D, units) centred; (units)
};

Cross cross_of(const RidgeData& data, Index lags, const std::vector<Index>& units,
               const std::vector<char>& wanted, const Gram& gram) {
  const auto D = lags * data.x.size(2), U = static_cast<Index>(units.size());
  const auto y = data.targets.index_select(0, at::tensor(units, at::kLong)).contiguous();  // (U, S)
  Cross result{at::zeros({D, U}, at::kDouble), at::zeros({U}, at::kDouble)};
  auto part = at::empty({D, U}, at::kFloat);
  std::vector<float> targets(static_cast<std::size_t>(kRows * U));
  for_lagged_rows(
      data, lags, wanted, [&](const float* rows, Index count, const std::vector<Index>& frames) {
        for (Index r = 0; r < count; ++r) {
          for (Index u = 0; u < U; ++u) {
            targets[static_cast<std::size_t>(r * U + u)] =
                y.data_ptr<float>()[u * y.size(1) + frames[static_cast<std::size_t>(r)]];
          }
        }
        ops::gemm(true, false, D, U, count, rows, D, targets.data(), U, 0.0F,
                  part.data_ptr<float>(), U);
        result.cross.add_(part);
        result.target_mean.add_(
            at::from_blob(targets.data(), {count, U}, at::kFloat).sum(0, false, at::kDouble));
      });
  result.target_mean.div_(gram.frames);
  result.cross.sub_(at::outer(gram.mean, result.target_mean) * gram.frames);
  return result;
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

std::vector<RidgeSolution> ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                                 const std::vector<std::vector<std::int64_t>>& blocks) {
  const ops::WithoutGradients guard;
  const auto I = train.x.size(2), D = lags * I;
  std::vector<RidgeSolution> solutions;
  std::vector<at::Tensor> weights, bias;  // of each block (D, units), (units)
  for (const auto& block : blocks) {
    const auto U = static_cast<Index>(block.size());
    weights.push_back(at::zeros({D, U}, at::kDouble));
    bias.push_back(at::zeros({U}, at::kDouble));
    auto& solution = solutions.emplace_back();
    solution.grid = penalty_grid();
    solution.penalties.assign(block.size(), std::numeric_limits<double>::quiet_NaN());
    solution.chosen_on_validation = valid != nullptr;
  }
  const auto grid = penalty_grid();
  const bool can_split = train.layout->segments.size() > 1;
  const auto split = can_split ? held_out(train) : std::make_pair(train, train);

  for (const auto& [group, frames] : groups(train.targets)) {
    // The units of the group in each block that has any.
    struct UnitsOfBlock {
      std::size_t block;
      std::vector<Index> places, units;  // in the block; in the data
      Cross whole, chosen_with;
      std::vector<double> best;
      std::vector<std::size_t> choice;
      std::vector<char> solved;  // its weights are there already
    };
    std::vector<UnitsOfBlock> parts;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      UnitsOfBlock part{b, {}, {}, {}, {}, {}, {}, {}};
      for (std::size_t i = 0; i < blocks[b].size(); ++i) {
        if (!std::binary_search(group.begin(), group.end(), blocks[b][i])) continue;
        part.places.push_back(static_cast<Index>(i));
        part.units.push_back(blocks[b][i]);
      }
      if (!part.units.empty()) parts.push_back(std::move(part));
    }
    if (parts.empty()) continue;
    const auto whole = gram_of(train, lags, frames);
    if (!(whole.power > 0)) continue;  // constant inputs: nothing to learn, the mean is the best
    const auto chosen_with = valid ? whole : gram_of(split.first, lags, frames);
    for (auto& part : parts) {
      part.whole = cross_of(train, lags, part.units, frames, whole);
      part.chosen_with =
          valid ? part.whole : cross_of(split.first, lags, part.units, frames, chosen_with);
      part.best.assign(part.units.size(), -std::numeric_limits<double>::infinity());
      part.choice.assign(part.units.size(), grid.size() / 2);
      part.solved.assign(part.units.size(), 0);
    }
    if (valid || can_split) {
      for (std::size_t g = grid.size(); g-- > 0;) {  // of equals the stronger
        const auto factor = chosen_with.factor(grid[g]);
        for (auto& part : parts) {
          const auto w = at::cholesky_solve(part.chosen_with.cross, factor);
          const auto scores = correlations(valid ? *valid : split.second, lags, part.units, w);
          for (std::size_t u = 0; u < scores.size(); ++u) {
            if (!(scores[u] > part.best[u])) continue;
            part.best[u] = scores[u];
            part.choice[u] = g;
            if (!valid) continue;  // w is of a part of the training stimuli
            weights[part.block].select(1, part.places[u]).copy_(w.select(1, static_cast<Index>(u)));
            part.solved[u] = 1;
          }
        }
      }
    }
    for (std::size_t g = 0; g < grid.size(); ++g) {
      at::Tensor factor;
      for (auto& part : parts) {
        std::vector<Index> here, to;
        for (std::size_t u = 0; u < part.units.size(); ++u) {
          if (part.choice[u] != g || part.solved[u]) continue;
          here.push_back(static_cast<Index>(u));
          to.push_back(part.places[u]);
        }
        if (here.empty()) continue;
        if (!factor.defined()) factor = whole.factor(grid[g]);
        const auto own = at::cholesky_solve(part.whole.cross, factor)
                             .index_select(1, at::tensor(here, at::kLong));
        weights[part.block].index_copy_(1, at::tensor(to, at::kLong), own);
      }
    }
    for (const auto& part : parts) {
      const auto places = at::tensor(part.places, at::kLong);
      const auto own = weights[part.block].index_select(1, places);
      bias[part.block].index_copy_(0, places, part.whole.target_mean - at::matmul(whole.mean, own));
      for (std::size_t u = 0; u < part.units.size(); ++u) {
        solutions[part.block].penalties[static_cast<std::size_t>(part.places[u])] =
            grid[part.choice[u]];
      }
    }
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const auto U = static_cast<Index>(blocks[b].size());
    solutions[b].weights =
        weights[b].view({lags, I, U}).permute({2, 1, 0}).to(at::kFloat).contiguous();
    solutions[b].bias = bias[b].to(at::kFloat);
  }
  return solutions;
}

}  // namespace strffit
