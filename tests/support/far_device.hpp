// A device that LibTorch holds for another than the CPU, and whose memory is the CPU's: what is
// written for a GPU runs on it, with a GPU's rules, on a machine without one. Mixing its tensors
// with the CPU's throws; what a GPU would be waited for is counted; backward passes run on another
// thread; work can be recorded (ops/recorded.hpp) and is then done by the same operations on the
// same memory, but for what the program's own loops do there (ops/lanes.hpp).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace strffit::test {

inline constexpr auto kFar = at::DeviceType::PrivateUse1;

// As run.device names it.
inline constexpr const char* kFarName = "privateuseone";

// What a GPU would be waited for, since the program began.
struct FarTransfers {
  std::int64_t to_far = 0, from_far = 0;
};
FarTransfers far_transfers();

}  // namespace strffit::test
