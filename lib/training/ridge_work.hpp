// What the closed form takes, before it is computed.
#pragma once

#include "training/ridge.hpp"

namespace strffit {

// Numbers that are multiplied and added, by the kinds of work that differ in their speed. D = lags
// x inputs of a frame; a prior may leave fewer unknowns, its rank.
struct RidgeWork {
  double gram = 0;    // frames x D^2: Gram matrices
  double rows = 0;    // frames x D: written out, each time they are passed over
  double score = 0;   // frames x D x units: products of the rows with targets or weights
  double factor = 0;  // rank^3: factors of systems
  double solve = 0;   // rank^2 x units
  double bytes = 0;   // of memory at once, at most

  RidgeWork& operator+=(const RidgeWork& other);  // one after the other
};

// Of ridge() with the same arguments: what is chosen on is known from the targets; of units that
// are solved for once more each has a choice of its own, as far as there are choices.
RidgeWork work_of_ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                        const std::vector<std::vector<std::int64_t>>& blocks,
                        const std::vector<Smoothness>& priors);

// Of ridge_as_chosen() with choices among these priors.
RidgeWork work_of_ridge_as_chosen(const RidgeData& data, std::int64_t lags,
                                  const std::vector<std::vector<std::int64_t>>& blocks,
                                  const std::vector<Smoothness>& priors);

// Of input_covariance().
RidgeWork work_of_covariance(const RidgeData& data, std::int64_t lags);

// Seconds of `work` of such `data`, on this machine, with the threads that products have now
// (ops::set_inner_threads): each kind of work is tried on a small part. Takes about a second,
// however much the work is.
double seconds_of(const RidgeWork& work, const RidgeData& data, std::int64_t lags);

}  // namespace strffit
