// Matrix products whose numbers do not depend on the company they are worked in.
//
// The kernels of a BLAS sum what lies at the edge of a matrix in another order than what lies
// within, and edges lie elsewhere where more members are worked at once, or more threads. Training
// makes visible differences of such rounding, since a step of AdamW is as large for a gradient of
// rounding noise as for any other. Where the columns of a product are several members', it is
// worked here: every number is the sum over k in its order, whatever m, n and its place.
#pragma once

#include <cstdint>

namespace strffit::ops {

// As gemm (ops/gemm.hpp), b as it is stored, rows of c on up to `threads` threads. beta: 0 or 1.
template <class T>
void ordered_gemm(int threads, bool transposed_a, std::int64_t m, std::int64_t n, std::int64_t k,
                  const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
                  std::int64_t ldc);

}  // namespace strffit::ops
