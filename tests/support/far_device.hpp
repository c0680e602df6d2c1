// A device that LibTorch treats as different from the CPU but whose memory is the CPU's. GPU
// code runs on it, by a GPU's rules, on a machine without one: mixing its tensors with the
// CPU's throws; operations that a GPU must be waited for are counted; backward passes run on
// another thread; recorded work (ops/cuda/recorded.hpp) repeats the same operations on the same
// memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace strffit::test {

inline constexpr auto kFar = at::DeviceType::PrivateUse1;

// Tests on the device are skipped under ThreadSanitizer: it does not see how LibTorch passes
// backward passes to its thread. They use no thread of this program.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kUnseenThreads = true;
#else
inline constexpr bool kUnseenThreads = false;
#endif

// Its name for run.device.
inline constexpr const char* kFarName = "privateuseone";

// Transfers that a GPU must be waited for, since the program began.
struct FarTransfers {
  std::int64_t to_far = 0, from_far = 0;
};
FarTransfers far_transfers();

}  // namespace strffit::test
