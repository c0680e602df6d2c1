// Which kernels the BLAS works with. OpenBLAS chooses them by the processor's model number, and a
// processor that is younger than the OpenBLAS may be given kernels of 2004, a fifth as fast. Before
// main(), it is told to take the best that the processor executes, unless the environment variable
// OPENBLAS_CORETYPE is set, which is respected.
#pragma once

#include <string>

namespace strffit::ops {

// The core type in use as OpenBLAS calls it, for instance "SkylakeX"; empty where the BLAS is
// another, or has only one.
std::string blas_core();

// Takes another core type; false where the BLAS has none of that name, or no choice. Only while
// nobody multiplies, and only one that the processor executes (util/processor.hpp).
bool use_blas_core(const char* name);

// Where the kernels in use are older than what the processor executes: one sentence that says so
// and what to do. Else empty.
std::string slow_blas_core();

}  // namespace strffit::ops
