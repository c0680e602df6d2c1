// Receptive fields of a unit over seeds and folds: which pixels are there in all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/roster.hpp"
#include "formats/strfs.hpp"

namespace strffit {

// The field of one member, `values` as many as all have.
struct MemberField {
  std::int64_t fold;
  const float* values;
};

// Mean of `size` values over members, each fold's mean over its seeds counting once, and its
// standard error: of two folds or more the jackknife's, sqrt((k - 1) / k sum_i (x_i - mean)^2) with
// x_i the fit without fold i (Efron & Tibshirani 1993, chapter 11); of one fold that of the mean
// over seeds, sqrt(sum_i (x_i - mean)^2 / (n (n - 1))). A member with a value that is not finite is
// left out; NaN where none is left, the error of one alone too.
void mean_and_standard_error(const std::vector<MemberField>& members, std::int64_t size,
                             float* mean, float* error);

// Whether members of a unit differ in seed or fold alone, and there are some that do.
bool has_several_fits(const Roster& roster);
// "jackknife over 5 folds", "over 3 seeds".
std::string standard_error_of(const Roster& roster);

// The members of each unit, with the output that is its: (N_all).
struct MemberOutput {
  std::int64_t member, output, fold;
};
std::vector<std::vector<MemberOutput>> outputs_of_units(const Roster& roster);

// Fills in Fields::mean and standard_error from what is shown, (M, K, ...) of which k is an output.
void add_unit_means(Fields& fields, const Roster& roster);

}  // namespace strffit
