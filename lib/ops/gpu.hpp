// What is asked of LibTorch's CUDA half and of CUDA itself. Private to this room.
#pragma once

#include <functional>
#include <memory>

#include "ops/recorded.hpp"

namespace strffit::ops::gpu {

// Whether LibTorch's CUDA half is linked; nothing below may be called without.
#ifdef STRFFIT_TORCH_CUDA
inline constexpr bool kPresent = true;
#else
inline constexpr bool kPresent = false;
#endif

// The calling thread's current stream, a cudaStream_t: what LibTorch does next goes there too.
void* current_stream();

// A CUDA graph of `work`, started once. Every graph takes its memory from one pool, as one runs at
// a time and none keeps anything there from one start to the next.
std::unique_ptr<Recording> record(const std::function<void()>& work);

}  // namespace strffit::ops::gpu
