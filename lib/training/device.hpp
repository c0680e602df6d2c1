// The device and the number of threads of a run.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <string>

#include "training/options.hpp"

namespace strffit {

// Returns the device for the run. Throws RunError if the run asks for a GPU, or for an option that
// needs one, and none can be used. Also sets for the whole process if GPU products may use
// TensorFloat-32.
at::Device device_of(const RunOptions& run);

// Tests if LibTorch and our own kernels can compute on the device. Returns the reason if not,
// otherwise "".
std::string problem_of(at::Device device);

// The reason why `device: auto` does not use a GPU that LibTorch has found. "" if it does use the
// GPU, or if there is none.
std::string problem_of_counted_gpu(const RunOptions& run);

// Calls `work`. If the memory of the GPU is full, throws RunError that says which options to lower.
void translate_out_of_memory(const std::function<void()>& work);

// Number of CPU threads: run.threads, or all available processors if it is 0.
int threads_of(const RunOptions& run);

}  // namespace strffit
