// Parts of the closed form that ridge() and the estimate of its cost share. Internal to
// lib/training.
#pragma once

#include <utility>
#include <vector>

#include "training/ridge_data.hpp"

namespace strffit::ridge_parts {

// number of frames whose lagged inputs are written out at once
inline constexpr std::int64_t kRows = 512;

// The penalties that are tried, relative to the mean power of the inputs, ascending.
std::vector<double> penalty_grid();

// Writes receptive fields as k = R v with R R' = C, so that the elements of v are independent with
// variance 1. The system for v is then ordinary ridge regression. k has D = lags x channels x bands
// elements.
class Prior {
 public:
  Prior(const Smoothness& smoothness, std::int64_t lags, std::int64_t channels, std::int64_t bands);

  // R' x for each column: (D, K) -> (rank, K).
  at::Tensor project(const at::Tensor& x) const;
  // R v for each column: (rank, K) -> (D, K).
  at::Tensor expand(const at::Tensor& v) const;
  // Length of v.
  std::int64_t rank() const;

 private:
  bool flat_;
  std::int64_t lags_, channels_, bands_;
  at::Tensor over_bands_, over_lags_;
};

// Sums over the frames that a group of units uses, in double precision.
struct Gram {
  at::Tensor gram, mean;  // (D, D) centred; (D)
  double frames = 0;
  double power = 0;  // mean of the diagonal

  // Gram matrix of the projected inputs, (rank, rank). `power` stays that of the inputs.
  Gram of(const Prior& prior) const;
  // Cholesky factor of the system for one penalty.
  at::Tensor factor(double penalty) const;
};

// Computes the Gram matrix of the lagged inputs. `wanted`: per frame, 1 if it is used.
Gram gram_of(const RidgeData& data, std::int64_t lags, const std::vector<char>& wanted);

// Groups the units that use the same frames. Returns the units of each group and its pattern (S).
// Units without any target are left out.
std::vector<std::pair<std::vector<std::int64_t>, std::vector<char>>> groups(const RidgeData& data);

// Correlation between prediction and targets for each unit; NaN if undefined. weights (D, units).
std::vector<double> correlations(const RidgeData& data, std::int64_t lags,
                                 const std::vector<std::int64_t>& units, const at::Tensor& weights);

// Number of different ways to hold out stimuli: 0 to 4.
std::size_t ways_to_split(const RidgeData& data);

// Splits the stimuli into (kept, held out). Every fourth stimulus is held out: way 0 begins with
// the fourth, ways 1 to 3 with the first to third. With fewer than four stimuli, only stimulus
// `way` is held out.
std::pair<RidgeData, RidgeData> held_out(const RidgeData& data, std::size_t way);

}  // namespace strffit::ridge_parts
