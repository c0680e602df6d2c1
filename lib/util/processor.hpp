// Which instructions this processor executes, and which this program and a BLAS core type need.
//
// A program that links this is checked before anything else of it runs, the initialisers of its
// libraries included: where the processor lacks what the program was compiled for, or what the core
// type in OPENBLAS_CORETYPE needs, the program says so and ends with status 1, instead of with
// nothing but "Illegal instruction".
#pragma once

#include <cstddef>
#include <cstdint>

namespace strffit {

// Bits of a set of instructions. Beyond what every 64-bit x86 has.
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

// Of this processor and system; 0 where it is no x86.
std::uint32_t processor_instructions();

// That this program was compiled to use.
extern const std::uint32_t compiled_instructions;

// Kinds of kernels, from the oldest to the newest.
enum class Kernels { sse, avx, avx2, avx512 };

// A core type of OpenBLAS (the values of OPENBLAS_CORETYPE) as far as it matters here.
struct BlasCore {
  const char* name;
  std::uint32_t needs;
  Kernels kernels;
};
// Null for a name that is none of OpenBLAS's. Case does not matter.
const BlasCore* known_core(const char* name);
// With the newest kernels among those with AVX or more that a processor executes; null where it
// executes none.
const BlasCore* best_core(std::uint32_t instructions);

// What is wrong, in one line that ends in a line break, for a program compiled for `needed` on a
// processor with `there`, and OPENBLAS_CORETYPE (null where it is not set): written to `message`,
// which it fits or is cut to. False where nothing is wrong.
bool lacks_instructions(std::uint32_t needed, std::uint32_t there, const char* core, char* message,
                        std::size_t size);

}  // namespace strffit
