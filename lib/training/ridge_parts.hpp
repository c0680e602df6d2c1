// The pieces of the closed form, for itself and for the count of what it takes. Internal to
// training.
#pragma once

#include <utility>
#include <vector>

#include "training/ridge_data.hpp"

namespace strffit::ridge_parts {

inline constexpr std::int64_t kRows = 512;  // frames written out at once

// Penalties relative to the inputs' mean power, ascending.
std::vector<double> penalty_grid();

// Receptive fields k (D) = R v: whatever a smooth prior expects of k, it expects independent v of
// unit variance, so the system for v is that of ridge.
class Prior {
 public:
  Prior(const Smoothness& smoothness, std::int64_t lags, std::int64_t channels, std::int64_t bands);

  // R' x of each column: (D, K) -> (rank, K).
  at::Tensor project(const at::Tensor& x) const;
  // R v of each column: (rank, K) -> (D, K).
  at::Tensor expand(const at::Tensor& v) const;
  std::int64_t rank() const;

 private:
  bool flat_;
  std::int64_t lags_, channels_, bands_;
  at::Tensor over_bands_, over_lags_;
};

// Sums over the frames that count for a group of units, double.
struct Gram {
  at::Tensor gram, mean;  // (D, D) centred; (D)
  double frames = 0;
  double power = 0;  // mean of the diagonal

  // As a prior sees the inputs, (rank, rank); the power is that of the inputs themselves.
  Gram of(const Prior& prior) const;
  // Factor of the system for one penalty.
  at::Tensor factor(double penalty) const;
};

// wanted: per frame of the data, whether it counts.
Gram gram_of(const RidgeData& data, std::int64_t lags, const std::vector<char>& wanted);

// Units with the same frames that count, by their pattern (S). Units without any are left out.
std::vector<std::pair<std::vector<std::int64_t>, std::vector<char>>> groups(const RidgeData& data);

// Correlation of each unit's prediction with its targets; NaN where undefined. weights (D, units).
std::vector<double> correlations(const RidgeData& data, std::int64_t lags,
                                 const std::vector<std::int64_t>& units, const at::Tensor& weights);

// How many ways there are to hold stimuli out.
std::size_t ways_to_split(const RidgeData& data);

// Splits the stimuli: every fourth one held out, in the first way the fourth, eighth and so on. Of
// fewer than four one, in the first way the first.
std::pair<RidgeData, RidgeData> held_out(const RidgeData& data, std::size_t way);

}  // namespace strffit::ridge_parts
