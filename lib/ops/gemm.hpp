// Matrix products on row-major memory, by direct calls of BLAS: LibTorch's calls add microseconds
// of bookkeeping, as much as a small product takes.
#pragma once

#include <cstdint>

namespace strffit::ops {

// c (m, n) = a (m, k) b (k, n) + beta c. `transposed_a`: a is stored as (k, m); likewise b. lda,
// ldb, ldc: numbers between stored rows. Runs on the calling thread, or on as many as
// set_inner_threads allows, with the same bits. The rounding of a number depends on m, n and its
// position; if the columns belong to several members, use ops/ordered_gemm.hpp.
template <class T>
void gemm(bool transposed_a, bool transposed_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
          std::int64_t ldc);

// y (m) = a (m, k) x (k), or with `transposed` y (k) = a^T x (m). lda: numbers between stored rows;
// step_x, step_y: numbers between elements.
template <class T>
void gemv(bool transposed, std::int64_t m, std::int64_t k, const T* a, std::int64_t lda, const T* x,
          std::int64_t step_x, T* y, std::int64_t step_y);

// Threads inside one product, and inside LibTorch's operations on the calling thread. Do not call
// while products run.
void set_inner_threads(int threads);
int inner_threads();

// Keeps products on the calling thread for the lifetime of the object, for code that divides a step
// between threads itself.
class OneThreadAProduct {
 public:
  OneThreadAProduct();
  ~OneThreadAProduct();
  OneThreadAProduct(const OneThreadAProduct&) = delete;
  OneThreadAProduct& operator=(const OneThreadAProduct&) = delete;

 private:
  int before_;
};

// For a thread with its own chunk of members: LibTorch's operations on it start no other threads.
void stay_on_this_thread();

// Name, version and core type of the BLAS, for instance "OpenBLAS 0.3.21 (SkylakeX)"; "reference
// BLAS" for any other, which is slow.
const char* blas_name();

}  // namespace strffit::ops
