// Where and by how many threads a run computes.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <string>

#include "training/options.hpp"

namespace strffit {

// RunError where a GPU, or what only a GPU has, is asked for that LibTorch does not have. Sets for
// the process whether a GPU's products may be of TensorFloat-32.
at::Device device_of(const RunOptions& run);

// Why nothing can be computed on a device, by LibTorch and by kernels of our own; "" where it can.
std::string problem_of(at::Device device);

// Why `device: auto` does not take a GPU that LibTorch counts; "" where it does, or there is none.
std::string problem_of_counted_gpu(const RunOptions& run);

// Does `work`; where a GPU's memory does not suffice, RunError that says what to set lower.
void translate_out_of_memory(const std::function<void()>& work);

int threads_of(const RunOptions& run);

}  // namespace strffit
