// Compares fitted receptive fields with the true ones of a simulated dataset.
#pragma once

#include <string>
#include <vector>

#include "formats/fitted_model.hpp"
#include "formats/strfs.hpp"

namespace strffit {

// Similarity of a fitted receptive field to the true one.
struct Recovery {
  std::string unit;
  std::int64_t seed = 0, fold = 0;
  double correlation = 0;  // Pearson correlation over all bands and lags
};

// One receptive field per member and unit. This is the kernel if each unit has one kernel with one
// channel; otherwise it is the gradient STRF. values: F x L. The list is empty if there is neither.
struct UnitField {
  std::int64_t member = 0, unit = 0;
  std::vector<float> values;
};
std::vector<UnitField> unit_fields(const FittedModel& fitted, const Strfs& strfs);

// Pearson correlation of each field with /truth/strf of `file`, over all bands and lags. If the
// lags differ, each field is extended with zeros. DataError if the file has no truth, or if bands
// or units differ.
std::vector<Recovery> compare_with_truth(const FittedModel& fitted,
                                         const std::vector<UnitField>& fields,
                                         const std::string& file);

}  // namespace strffit
