// Functions of CUDA and of LibTorch's CUDA half.
#pragma once

#include <functional>
#include <memory>

#include "ops/cuda/recording.hpp"

namespace strffit::ops::gpu {

// True if the program was built with LibTorch's CUDA half; otherwise nothing below may be called.
bool present();

// Current stream of the calling thread, a cudaStream_t; LibTorch's next operations use it too.
void* current_stream();

// Records `work` as a CUDA graph and runs it once. All graphs share one memory pool, since one runs
// at a time and none keeps data there between runs. c10::OutOfMemoryError if it does not fit;
// RunError if it cannot be recorded.
std::unique_ptr<Recording> record(const std::function<void()>& work);

}  // namespace strffit::ops::gpu
