// Mean and standard error of the receptive field of a unit over seeds and folds. They show which
// pixels are reliable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/roster.hpp"
#include "formats/strfs.hpp"

namespace strffit {

// The field of one member. `values`: array with the same size for all members.
struct MemberField {
  std::int64_t fold;
  const float* values;
};

// Mean of `size` values over members, and its standard error. Seeds are averaged within each fold
// first, so each fold counts once. With k >= 2 folds, the error is that of the jackknife, sqrt((k -
// 1) / k sum_i (x_i - mean)^2), where x_i is the fit without fold i (Efron & Tibshirani 1993,
// chapter 11). With one fold, it is the standard error over n seeds, sqrt(sum_i (x_i - mean)^2 / (n
// (n - 1))). Members with a non-finite value are left out. The mean is NaN if no member remains;
// the error is NaN if only one remains.
void mean_and_standard_error(const std::vector<MemberField>& members, std::int64_t size,
                             float* mean, float* error);

// True if at least one unit has several members, and members of a unit differ only in seed or fold.
bool has_several_fits(const Roster& roster);
// Describes the standard error: "jackknife over 5 folds", "over 3 seeds".
std::string standard_error_of(const Roster& roster);

// For each unit (N_all): its members, each with the index of the output that predicts the unit.
struct MemberOutput {
  std::int64_t member, output, fold;
};
std::vector<std::vector<MemberOutput>> outputs_of_units(const Roster& roster);

// Fills in Fields::mean and Fields::standard_error from shown(), which must be (M, K, ...) with one
// kernel per output.
void add_unit_means(Fields& fields, const Roster& roster);

}  // namespace strffit
