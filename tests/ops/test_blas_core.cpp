#include <cstdlib>
#include <string>

#include "ops/blas_core.hpp"
#include "util/processor.hpp"

// After LibTorch, whose CHECK would replace doctest's.
#include <doctest/doctest.h>

using namespace strffit;

TEST_CASE("OpenBLAS works with the best kernels of this processor, or with those asked for") {
  const auto name = ops::blas_core();
  const auto* core = known_core(name.c_str());
  const auto* best = best_core(processor_instructions());
  if (core == nullptr || best == nullptr) {
    MESSAGE("the BLAS is no OpenBLAS with several core types, or the processor has no AVX");
    return;
  }
  const char* set = std::getenv("OPENBLAS_CORETYPE");
  if (set == nullptr || *set == '\0') {
    CHECK(core->kernels >= best->kernels);
    CHECK(ops::slow_blas_core().empty());
  } else if (const auto* asked = known_core(set)) {
    CHECK(core->kernels == asked->kernels);
    CHECK(ops::slow_blas_core().empty() == (asked->kernels >= best->kernels));
  } else {
    CHECK(!name.empty());
  }
}
