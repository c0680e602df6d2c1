// The command `simulate`.
#pragma once

#include <string>

#include "dataset/simulate.hpp"

namespace strffit {

// Writes the dataset with its true receptive fields to `out`. ConfigError for options out of range,
// RunError where the file cannot be written or is there already and `overwrite` is not set.
void simulate_file(const SimulateOptions& options, const std::string& out, bool overwrite);

}  // namespace strffit
