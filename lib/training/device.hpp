// Where and by how many threads a run computes.
#pragma once

#include <c10/core/Device.h>

#include "training/options.hpp"

namespace strffit {

// RunError where a GPU, or what only a GPU has, is asked for that LibTorch does not have. Sets for
// the process whether a GPU's products may be of TensorFloat-32.
at::Device device_of(const RunOptions& run);

int threads_of(const RunOptions& run);

}  // namespace strffit
