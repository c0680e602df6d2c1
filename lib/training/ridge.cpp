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
#include "ops/ordered_gemm.hpp"
#include "training/ridge_parts.hpp"

namespace strffit {
namespace {

using namespace ridge_parts;
using Index = std::int64_t;

// Range of the penalty, relative to the mean power of the inputs.
constexpr double kGridLow = 1e-4, kGridHigh = 1e3;
constexpr Index kGridPoints = 22;
// A smooth prior leaves out eigenvectors of C over bands or lags whose variance is below this
// fraction of the largest. So the system has only as many unknowns as the prior can distinguish.
constexpr double kSmallestVariance = 1e-4;

// Calls use(rows, count, frames) for up to kRows frames at a time. `rows` (count, L I) are the
// lagged inputs, lag 0 first. `frames` are the numbers of these frames.
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

// The square root R (points, rank) of the prior correlation C = R R' with this correlation length.
at::Tensor root(Index points, double length) {
  if (length == 0) return at::eye(points, at::kDouble);
  const auto place = at::arange(points, at::kDouble);
  const auto distance = (place.unsqueeze(1) - place.unsqueeze(0)) / length;
  const auto [variance, direction] = at::linalg_eigh(at::exp(distance.square() / -2), "L");
  const auto kept = (variance > kSmallestVariance * variance.max()).nonzero().flatten();
  return direction.index_select(1, kept) * variance.index_select(0, kept).sqrt();
}

}  // namespace

namespace ridge_parts {

std::vector<double> penalty_grid() {
  std::vector<double> grid;
  for (Index i = 0; i < kGridPoints; ++i) {
    grid.push_back(kGridLow *
                   std::pow(kGridHigh / kGridLow, static_cast<double>(i) / (kGridPoints - 1)));
  }
  return grid;
}

Prior::Prior(const Smoothness& smoothness, Index lags, Index channels, Index bands)
    : flat_(smoothness == Smoothness{}), lags_(lags), channels_(channels), bands_(bands) {
  if (flat_) return;
  over_bands_ = root(bands, smoothness.bands);
  over_lags_ = root(lags, smoothness.lags);
}

at::Tensor Prior::project(const at::Tensor& x) const {
  if (flat_) return x;
  const auto by_lag =
      at::tensordot(over_lags_, x.reshape({lags_, channels_, bands_, -1}), {0}, {0});
  return at::tensordot(over_bands_, by_lag, {0}, {2}).flatten(0, 2);
}

at::Tensor Prior::expand(const at::Tensor& v) const {
  if (flat_) return v;
  const auto by_band = at::tensordot(
      over_bands_, v.reshape({over_bands_.size(1), over_lags_.size(1), channels_, -1}), {1}, {0});
  return at::tensordot(over_lags_, by_band, {1}, {1}).transpose(1, 2).flatten(0, 2);
}

Index Prior::rank() const {
  return channels_ * (flat_ ? bands_ * lags_ : over_bands_.size(1) * over_lags_.size(1));
}

Gram Gram::of(const Prior& prior) const {
  return {prior.project(prior.project(gram).t()), {}, frames, power};
}

at::Tensor Gram::factor(double penalty) const {
  auto system = gram.clone();
  system.diagonal().add_(std::max(penalty * power, 1e-12));
  return at::linalg_cholesky(system);
}

Gram gram_of(const RidgeData& data, Index lags, const std::vector<char>& wanted) {
  const auto D = lags * data.x.size(2);
  Gram result;
  result.gram = at::zeros({D, D}, at::kDouble);
  result.mean = at::zeros({D}, at::kDouble);
  auto part = at::empty({D, D}, at::kFloat);
  for_lagged_rows(
      data, lags, wanted, [&](const float* rows, Index count, const std::vector<Index>&) {
        // Products use single precision over at most kRows frames; sums use double precision.
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

std::vector<std::pair<std::vector<Index>, std::vector<char>>> groups(const RidgeData& data) {
  const auto N = data.targets.size(0), S = data.targets.size(1);
  const auto y = data.targets.contiguous();
  std::map<std::vector<char>, std::vector<Index>> by_pattern;
  for (Index n = 0; n < N; ++n) {
    std::vector<char> there(static_cast<std::size_t>(S));
    bool any = false;
    for (const auto& [begin, length] : data.layout->segments) {
      for (Index t = begin; t < begin + length; ++t) {
        there[static_cast<std::size_t>(t)] = !std::isnan(y.data_ptr<float>()[n * S + t]);
        any = any || there[static_cast<std::size_t>(t)];
      }
    }
    if (any) by_pattern[there].push_back(n);
  }
  std::vector<std::pair<std::vector<Index>, std::vector<char>>> result;
  for (const auto& [pattern, units] : by_pattern) result.emplace_back(units, pattern);
  return result;
}

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
        ops::ordered_gemm(ops::inner_threads(), false, count, U, D, rows, D, w.data_ptr<float>(), U,
                          0.0F, out.data(), U);
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

std::size_t ways_to_split(const RidgeData& data) {
  const auto stimuli = data.layout->segments.size();
  return stimuli > 1 ? std::min<std::size_t>(stimuli, 4) : 0;
}

std::pair<RidgeData, RidgeData> held_out(const RidgeData& data, std::size_t way) {
  RidgeData train = data, valid = data;
  auto kept = std::make_shared<ops::Layout>(*data.layout),
       left = std::make_shared<ops::Layout>(*data.layout);
  kept->segments.clear();
  left->segments.clear();
  const auto& all = data.layout->segments;
  const std::size_t first = all.size() < 4 ? way : (way + 3) % 4;
  for (std::size_t i = 0; i < all.size(); ++i) {
    (i % 4 == first ? left : kept)->segments.push_back(all[i]);
  }
  train.layout = kept;
  valid.layout = left;
  return {train, valid};
}

}  // namespace ridge_parts

namespace {

// Products of the inputs with the targets of some units of one group.
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
        ops::ordered_gemm(ops::inner_threads(), true, D, U, count, rows, D, targets.data(), U, 0.0F,
                          part.data_ptr<float>(), U);
        result.cross.add_(part);
        result.target_mean.add_(
            at::from_blob(targets.data(), {count, U}, at::kFloat).sum(0, false, at::kDouble));
      });
  result.target_mean.div_(gram.frames);
  result.cross.sub_(at::outer(gram.mean, result.target_mean) * gram.frames);
  return result;
}

// The units of one group that are in one block.
struct UnitsOfBlock {
  std::size_t block;
  std::vector<Index> places, units;  // index in the block; in the data
};

// Collects the solution for all blocks.
class System {
 public:
  System(const RidgeData& data, Index lags, const std::vector<std::vector<Index>>& blocks)
      : data_(data), lags_(lags), blocks_(blocks) {
    for (const auto& block : blocks) {
      const auto U = static_cast<Index>(block.size());
      weights_.push_back(at::zeros({lags * data.x.size(2), U}, at::kDouble));
      bias_.push_back(at::zeros({U}, at::kDouble));
      choices_.emplace_back(block.size(),
                            RidgeChoice{{}, std::numeric_limits<double>::quiet_NaN()});
      chosen_on_.emplace_back(block.size(), ChosenOn::nothing);
      solved_.emplace_back(block.size(), 0);
    }
  }

  // Calls solve(gram, frames, parts) for each group of units.
  template <class Solve>
  void for_groups(Solve&& solve) {
    for (const auto& [group, frames] : groups(data_)) {
      std::vector<UnitsOfBlock> parts;
      for (std::size_t b = 0; b < blocks_.size(); ++b) {
        UnitsOfBlock part{b, {}, {}};
        for (std::size_t i = 0; i < blocks_[b].size(); ++i) {
          if (!std::binary_search(group.begin(), group.end(), blocks_[b][i])) continue;
          part.places.push_back(static_cast<Index>(i));
          part.units.push_back(blocks_[b][i]);
        }
        if (!part.units.empty()) parts.push_back(std::move(part));
      }
      if (parts.empty()) continue;
      const auto gram = gram_of(data_, lags_, frames);
      if (gram.power > 0) solve(gram, frames, parts);  // otherwise the mean is the best prediction
    }
  }

  Prior prior(const Smoothness& smoothness) const {
    return {smoothness, lags_, data_.channels, data_.x.size(2) / data_.channels};
  }

  // Stores the choice for one unit of a part. `weights` (D): the solution if it is known already.
  void choose(const UnitsOfBlock& part, std::size_t u, const RidgeChoice& choice,
              ChosenOn chosen_on, const at::Tensor& weights = {}) {
    const auto place = static_cast<std::size_t>(part.places[u]);
    choices_[part.block][place] = choice;
    chosen_on_[part.block][place] = chosen_on;
    solved_[part.block][place] = weights.defined();
    if (weights.defined()) weights_[part.block].select(1, part.places[u]).copy_(weights);
  }

  // Solves for the units of a group that have a choice but no weights yet.
  void solve(const Gram& gram, const std::vector<UnitsOfBlock>& parts,
             const std::vector<Cross>& cross) {
    // choice -> part -> units
    std::map<RidgeChoice, std::map<std::size_t, std::vector<Index>>> by_choice;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      for (std::size_t u = 0; u < parts[p].units.size(); ++u) {
        const auto place = static_cast<std::size_t>(parts[p].places[u]);
        const auto& choice = choices_[parts[p].block][place];
        if (!solved_[parts[p].block][place] && !std::isnan(choice.penalty))
          by_choice[choice][p].push_back(static_cast<Index>(u));
      }
    }
    for (const auto& [chosen, units_of_part] : by_choice) {
      const auto smooth = prior(chosen.smoothness);
      const auto factor = gram.of(smooth).factor(chosen.penalty);
      for (const auto& [p, units] : units_of_part) {
        // This solves for all units of the part, so that the bits do not depend on their choices.
        const auto all = smooth.expand(at::cholesky_solve(smooth.project(cross[p].cross), factor));
        for (const auto u : units) {
          const auto place = parts[p].places[static_cast<std::size_t>(u)];
          weights_[parts[p].block].select(1, place).copy_(all.select(1, u));
        }
      }
    }
  }

  void set_bias(const Gram& gram, const std::vector<UnitsOfBlock>& parts,
                const std::vector<Cross>& cross) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const auto places = at::tensor(parts[p].places, at::kLong);
      const auto own = weights_[parts[p].block].index_select(1, places);
      bias_[parts[p].block].index_copy_(0, places,
                                        cross[p].target_mean - at::matmul(gram.mean, own));
    }
  }

  // True if the choice for a unit of a part was made on data.
  bool has_chosen(const UnitsOfBlock& part, std::size_t u) const {
    return chosen_on_[part.block][static_cast<std::size_t>(part.places[u])] != ChosenOn::nothing;
  }

  std::vector<RidgeSolution> solutions() const {
    std::vector<RidgeSolution> result;
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const auto U = static_cast<Index>(blocks_[b].size());
      result.push_back({weights_[b]
                            .view({lags_, data_.x.size(2), U})
                            .permute({2, 1, 0})
                            .to(at::kFloat)
                            .contiguous(),
                        bias_[b].to(at::kFloat), choices_[b], penalty_grid(), chosen_on_[b]});
    }
    return result;
  }

 private:
  const RidgeData& data_;
  Index lags_;
  const std::vector<std::vector<Index>>& blocks_;
  std::vector<at::Tensor> weights_, bias_;  // per block: (D, units), (units)
  std::vector<std::vector<RidgeChoice>> choices_;
  std::vector<std::vector<ChosenOn>> chosen_on_;
  std::vector<std::vector<char>> solved_;
};

std::vector<Cross> cross_of(const RidgeData& data, Index lags,
                            const std::vector<UnitsOfBlock>& parts, const std::vector<char>& frames,
                            const Gram& gram) {
  std::vector<Cross> cross;
  for (const auto& part : parts) cross.push_back(cross_of(data, lags, part.units, frames, gram));
  return cross;
}

// Chooses prior and penalty for the units that have no choice yet. Solves with `gram` and the
// `cross` of each part, and takes the choice whose prediction of `judge` has the highest
// correlation. `chosen_on`: the kind of data in `judge`. The weights are kept only if they were
// fitted to all training stimuli.
void choose_by(System& system, const Gram& gram, const std::vector<Cross>& cross,
               const std::vector<UnitsOfBlock>& parts, const RidgeData& judge, ChosenOn chosen_on,
               Index lags, const std::vector<Smoothness>& priors) {
  const auto grid = penalty_grid();
  std::vector<std::vector<double>> best;
  std::vector<char> is_open;
  for (const auto& part : parts) {
    auto& own = best.emplace_back();
    for (std::size_t u = 0; u < part.units.size(); ++u) {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      own.push_back(system.has_chosen(part, u) ? kInfinity : -kInfinity);
    }
    is_open.push_back(std::any_of(own.begin(), own.end(), [](double b) { return b < 0; }));
  }
  for (const auto& one : priors) {
    const auto prior = system.prior(one);
    const auto seen = gram.of(prior);
    std::vector<at::Tensor> projected;
    for (const auto& of_part : cross) projected.push_back(prior.project(of_part.cross));
    for (std::size_t g = grid.size(); g-- > 0;) {  // for equal scores, the larger penalty wins
      const auto factor = seen.factor(grid[g]);
      for (std::size_t p = 0; p < parts.size(); ++p) {
        if (!is_open[p]) continue;
        const auto w = prior.expand(at::cholesky_solve(projected[p], factor));
        const auto scores = correlations(judge, lags, parts[p].units, w);
        for (std::size_t u = 0; u < scores.size(); ++u) {
          if (!(scores[u] > best[p][u])) continue;
          best[p][u] = scores[u];
          const bool final = chosen_on == ChosenOn::validation;
          system.choose(parts[p], u, {one, grid[g]}, chosen_on,
                        final ? w.select(1, static_cast<Index>(u)) : at::Tensor());
        }
      }
    }
  }
}

}  // namespace

const std::vector<Smoothness>& priors_of(RidgePrior prior) {
  static const std::vector<Smoothness> flat = {{}}, smooth = {{}, {2, 1}, {2, 2}, {4, 1}, {4, 2}};
  return prior == RidgePrior::flat ? flat : smooth;
}

std::vector<RidgeSolution> ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                                 const std::vector<std::vector<std::int64_t>>& blocks,
                                 const std::vector<Smoothness>& priors) {
  const ops::WithoutGradients guard;
  System system(train, lags, blocks);
  const auto grid = penalty_grid();
  system.for_groups(
      [&](const Gram& whole, const auto& frames, const std::vector<UnitsOfBlock>& parts) {
        const auto cross = cross_of(train, lags, parts, frames, whole);
        for (const auto& part : parts) {
          for (std::size_t u = 0; u < part.units.size(); ++u)
            system.choose(part, u, {{}, grid[grid.size() / 2]}, ChosenOn::nothing);
        }
        if (valid)
          choose_by(system, whole, cross, parts, *valid, ChosenOn::validation, lags, priors);
        const auto is_open = [&] {
          return std::any_of(parts.begin(), parts.end(), [&](const UnitsOfBlock& part) {
            for (std::size_t u = 0; u < part.units.size(); ++u) {
              if (!system.has_chosen(part, u)) return true;
            }
            return false;
          });
        };
        // Fits part of the training stimuli and scores the prediction of the others.
        for (std::size_t way = 0; way < ways_to_split(train) && is_open(); ++way) {
          const auto [some, others] = held_out(train, way);
          const auto rest = gram_of(some, lags, frames);
          // no inputs are left at frames where these units have targets
          if (!(rest.power > 0)) continue;
          choose_by(system, rest, cross_of(some, lags, parts, frames, rest), parts, others,
                    ChosenOn::held_out, lags, priors);
        }
        system.solve(whole, parts, cross);
        system.set_bias(whole, parts, cross);
      });
  return system.solutions();
}

at::Tensor input_covariance(const RidgeData& data, std::int64_t lags) {
  const ops::WithoutGradients guard;
  const std::vector<char> all(static_cast<std::size_t>(data.targets.size(1)), 1);
  const auto I = data.x.size(2);
  return gram_of(data, lags, all)
      .gram.view({lags, I, lags, I})
      .permute({1, 0, 3, 2})
      .reshape({I * lags, I * lags});
}

std::vector<RidgeSolution> ridge_as_chosen(const RidgeData& data, std::int64_t lags,
                                           const std::vector<std::vector<std::int64_t>>& blocks,
                                           const std::vector<std::vector<RidgeChoice>>& choices) {
  const ops::WithoutGradients guard;
  System system(data, lags, blocks);
  system.for_groups(
      [&](const Gram& gram, const auto& frames, const std::vector<UnitsOfBlock>& parts) {
        const auto cross = cross_of(data, lags, parts, frames, gram);
        for (const auto& part : parts) {
          for (std::size_t u = 0; u < part.units.size(); ++u) {
            system.choose(part, u, choices[part.block][static_cast<std::size_t>(part.places[u])],
                          ChosenOn::nothing);
          }
        }
        system.solve(gram, parts, cross);
        system.set_bias(gram, parts, cross);
      });
  return system.solutions();
}

}  // namespace strffit
