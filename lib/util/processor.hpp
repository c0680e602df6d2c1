// Instructions that this processor has, and those that this program and a BLAS core type need.
//
// A program that links this is checked before anything else runs, including the initialisers of
// its libraries. If the processor lacks instructions that the program was compiled for, or that
// the core type in OPENBLAS_CORETYPE needs, the program says so and exits with status 1.
// Otherwise it would end with "Illegal instruction" only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace strffit {

// Bits of instruction sets beyond those of every 64-bit x86.
enum Instruction : std::uint32_t {
  kSse3 = 1U << 0,
  kSsse3 = 1U << 1,
  kSse41 = 1U << 2,
  kSse42 = 1U << 3,
  kPopcnt = 1U << 4,
  kSse4a = 1U << 5,
  kAvx = 1U << 6,
  kF16c = 1U << 7,
  kFma = 1U << 8,
  kFma4 = 1U << 9,
  kXop = 1U << 10,
  kAvx2 = 1U << 11,
  kBmi = 1U << 12,
  kBmi2 = 1U << 13,
  kLzcnt = 1U << 14,
  kAvx512f = 1U << 15,
  kAvx512cd = 1U << 16,
  kAvx512dq = 1U << 17,
  kAvx512bw = 1U << 18,
  kAvx512vl = 1U << 19,
  kAvx512vbmi = 1U << 20,
  kAvx512vbmi2 = 1U << 21,
  kAvx512vnni = 1U << 22,
  kAvx512bf16 = 1U << 23,
  k3dnow = 1U << 24,
};
constexpr std::uint32_t kAvx512 = kAvx512f | kAvx512cd | kAvx512dq | kAvx512bw | kAvx512vl;

// Instructions of this processor and system; 0 if it is not x86.
std::uint32_t processor_instructions();

// Instructions that this program was compiled to use.
extern const std::uint32_t compiled_instructions;

// Kinds of kernels, from oldest to newest.
enum class Kernels { sse, avx, avx2, avx512 };

// A core type of OpenBLAS (a value of OPENBLAS_CORETYPE) with the instructions it needs.
struct BlasCore {
  const char* name;
  std::uint32_t needs;
  Kernels kernels;
};
// Null if OpenBLAS has no such name. Ignores case.
const BlasCore* known_core(const char* name);
// The core type with the newest kernels, with AVX or later, that a processor executes; null if
// none.
const BlasCore* best_core(std::uint32_t instructions);

// Checks a program compiled for `needed` on a processor with `there`, and OPENBLAS_CORETYPE (null
// if not set). Returns false if all is well. Otherwise writes one line, cut to `size`, to
// `message`.
bool lacks_instructions(std::uint32_t needed, std::uint32_t there, const char* core, char* message,
                        std::size_t size);

}  // namespace strffit
