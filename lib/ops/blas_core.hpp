// Selects the kernels of the BLAS. OpenBLAS chooses by the model number of the processor, and gives
// a processor newer than itself kernels of 2004, a fifth as fast. Before main(), this code selects
// the best kernels that the processor executes, unless the environment variable OPENBLAS_CORETYPE
// is set.
#pragma once

#include <string>

namespace strffit::ops {

// Current core type in OpenBLAS's words, for instance "SkylakeX"; empty for another BLAS, or one
// with a single core type.
std::string blas_core();

// Selects another core type; false if the BLAS has none of that name, or no choice. The processor
// must execute it (util/processor.hpp). Do not call while products run.
bool use_blas_core(const char* name);

// A sentence with advice if the current kernels are older than the processor allows; otherwise
// empty.
std::string slow_blas_core();

}  // namespace strffit::ops
