// Fitted receptive fields beside those that a simulated dataset was made with.
#pragma once

#include <string>
#include <vector>

#include "formats/fitted_model.hpp"
#include "formats/strfs.hpp"

namespace strffit {

// How well a unit's receptive field was found again.
struct Recovery {
  std::string unit;
  std::int64_t seed = 0, fold = 0;
  double correlation = 0;  // of the field and the true one, over bands and lags
};

// The field that stands for a member's output: its kernel where there is one a unit and one
// channel, else its gradient STRF. Bands x lags; empty where there is neither.
struct UnitField {
  std::int64_t member = 0, unit = 0;
  std::vector<float> values;
};
std::vector<UnitField> unit_fields(const FittedModel& fitted, const Strfs& strfs);

// Pearson correlation with /truth/strf of `file`, lag by lag, each with zeros at lags that only the
// other has.
// DataError where the file has no truth, other bands or other units.
std::vector<Recovery> compare_with_truth(const FittedModel& fitted,
                                         const std::vector<UnitField>& fields,
                                         const std::string& file);

}  // namespace strffit
