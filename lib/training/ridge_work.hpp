// Estimates the cost of the closed form before it is computed.
#pragma once

#include "training/ridge.hpp"

namespace strffit {

// Numbers of multiplications and additions. Kinds of work that run at different speeds are counted
// separately. D = lags x inputs per frame. `rank` is the number of unknowns, which a smooth prior
// makes smaller than D.
struct RidgeWork {
  double gram = 0;    // frames x D^2, for Gram matrices
  double rows = 0;    // frames x D, for every pass that writes out the lagged inputs
  double score = 0;   // frames x D x units, for products of these rows with targets or weights
  double factor = 0;  // rank^3, for Cholesky factors
  double solve = 0;   // rank^2 x units, for solving
  double bytes = 0;   // peak memory

  RidgeWork& operator+=(const RidgeWork& other);  // adds work that follows this work
};

// The work of ridge() with the same arguments. The targets show which data the choices are made on.
// Units that must be solved again are assumed to have as many different choices as possible.
RidgeWork work_of_ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                        const std::vector<std::vector<std::int64_t>>& blocks,
                        const std::vector<Smoothness>& priors);

// The work of ridge_as_chosen() if all choices have one of these priors.
RidgeWork work_of_ridge_as_chosen(const RidgeData& data, std::int64_t lags,
                                  const std::vector<std::vector<std::int64_t>>& blocks,
                                  const std::vector<Smoothness>& priors);

// The work of input_covariance().
RidgeWork work_of_covariance(const RidgeData& data, std::int64_t lags);

// Estimates the seconds that `work` on `data` takes on this machine, with the present number of
// threads inside products (ops::set_inner_threads). It measures a small part of each kind of work.
// This takes about a second, whatever the size of `work`.
double seconds_of(const RidgeWork& work, const RidgeData& data, std::int64_t lags);

}  // namespace strffit
