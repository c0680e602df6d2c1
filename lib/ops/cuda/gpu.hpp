// What is asked of LibTorch's CUDA half and of CUDA itself.
#pragma once

#include <functional>
#include <memory>

#include "ops/cuda/recording.hpp"

namespace strffit::ops::gpu {

// Whether the program was built with LibTorch's CUDA half; nothing below may be called without.
bool present();

// The calling thread's current stream, a cudaStream_t: what LibTorch does next goes there too.
void* current_stream();

// A CUDA graph of `work`, started once. Every graph takes its memory from one pool, as one runs at
// a time and none keeps anything there from one start to the next. c10::OutOfMemoryError where it
// does not fit; RunError where it cannot be recorded.
std::unique_ptr<Recording> record(const std::function<void()>& work);

}  // namespace strffit::ops::gpu
