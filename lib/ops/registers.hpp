// Registers of the target processor. Private to this room.
#pragma once

#include <cstddef>

namespace strffit::ops {

// Size of a register in bytes, and number of registers.
#if defined(__AVX512F__)
inline constexpr std::size_t kRegisterBytes = 64, kRegisters = 32;
#elif defined(__AVX__)
inline constexpr std::size_t kRegisterBytes = 32, kRegisters = 16;
#elif defined(__ARM_NEON)
inline constexpr std::size_t kRegisterBytes = 16, kRegisters = 32;
#else
inline constexpr std::size_t kRegisterBytes = 16, kRegisters = 16;
#endif

}  // namespace strffit::ops
