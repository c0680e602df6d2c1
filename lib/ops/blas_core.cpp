#include "ops/blas_core.hpp"

#include <cstdlib>

#include "util/processor.hpp"

extern "C" {
// Present if the BLAS is OpenBLAS; the last two, which OpenBLAS's own initialiser calls, if it has
// kernels for several processors and exports them.
__attribute__((weak)) char* openblas_get_corename(void);
__attribute__((weak)) void gotoblas_dynamic_init(void);
__attribute__((weak)) void gotoblas_dynamic_quit(void);
}

namespace strffit::ops {
namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";

// The best core type if the current one is older; otherwise null.
const BlasCore* better_core() {
  const auto* best = best_core(processor_instructions());
  const auto* in_use = known_core(blas_core().c_str());
  return best != nullptr && in_use != nullptr && in_use->kernels < best->kernels ? best : nullptr;
}

bool is_set(const char* value) { return value != nullptr && *value != '\0'; }

[[maybe_unused]] const bool chosen = [] {
  const auto* better = better_core();
  return better != nullptr && !is_set(std::getenv(kVariable)) && use_blas_core(better->name);
}();

}  // namespace

std::string blas_core() { return openblas_get_corename ? openblas_get_corename() : ""; }

// OpenBLAS reads the variable in its own initialiser, which may be called again. The variable is
// restored, so that child processes do not inherit it.
bool use_blas_core(const char* name) {
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return false;
  const char* set = std::getenv(kVariable);
  const std::string before = set != nullptr ? set : "";
  setenv(kVariable, name, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  if (set != nullptr) {
    setenv(kVariable, before.c_str(), 1);
  } else {
    unsetenv(kVariable);
  }
  return known_core(name) != nullptr && known_core(blas_core().c_str()) == known_core(name);
}

std::string slow_blas_core() {
  const auto* better = better_core();
  if (better == nullptr) return "";
  const char* set = std::getenv(kVariable);
  const std::string cure =
      is_set(set) && known_core(set) != nullptr
          ? "unset OPENBLAS_CORETYPE"
          : std::string("set the environment variable OPENBLAS_CORETYPE=") + better->name;
  return "OpenBLAS uses the kernels of a " + blas_core() +
         ", which are slower than those for this processor (the oldest take eight times as "
         "long): " +
         cure;
}

}  // namespace strffit::ops
