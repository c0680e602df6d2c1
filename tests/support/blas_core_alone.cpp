// Prints the current BLAS core. Compiled for every x86-64 and without LibTorch, so that an emulated
// processor can run it: scripts/test.sh cores.
#include <cstdio>

#include "ops/blas_core.hpp"

int main() { std::puts(strffit::ops::blas_core().c_str()); }
