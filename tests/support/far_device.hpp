// A device that LibTorch holds for another than the CPU, and whose memory is the CPU's: what is
// written for a GPU runs on it, with a GPU's rules, on a machine without one. Mixing its tensors
// with the CPU's throws; what a GPU would be waited for is counted; backward passes run on another
// thread; work can be recorded (ops/cuda/recorded.hpp) and is then done by the same operations on
// the same memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace strffit::test {

inline constexpr auto kFar = at::DeviceType::PrivateUse1;

// Backward passes are worked by a thread of LibTorch's, and ThreadSanitizer does not see how they
// are handed over: tests on the device skip there. They have no thread of the program's own.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kUnseenThreads = true;
#else
inline constexpr bool kUnseenThreads = false;
#endif

// As run.device names it.
inline constexpr const char* kFarName = "privateuseone";

// What a GPU would be waited for, since the program began.
struct FarTransfers {
  std::int64_t to_far = 0, from_far = 0;
};
FarTransfers far_transfers();

}  // namespace strffit::test
