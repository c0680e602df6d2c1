// Matrix products on row-major memory, straight to BLAS: LibTorch's own calls cost microseconds of
// bookkeeping each, as much as a small product takes.
#pragma once

#include <cstdint>

namespace strffit::ops {

// c (m, n) = a (m, k) b (k, n) + beta c. `transposed_a`: a is stored (k, m); likewise b. lda, ldb,
// ldc: elements between stored rows. On the calling thread, or on as many as set_inner_threads
// allows, whose number changes no bit. How a number is rounded depends on m, n and its place:
// ops/ordered_gemm.hpp is for products whose columns are several members'.
template <class T>
void gemm(bool transposed_a, bool transposed_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
          std::int64_t ldc);

// y (m) = a (m, k) x (k), or with `transposed` y (k) = a^T x (m). Numbers from one element to the
// next: lda, between stored rows, step_x and step_y.
template <class T>
void gemv(bool transposed, std::int64_t m, std::int64_t k, const T* a, std::int64_t lda, const T* x,
          std::int64_t step_x, T* y, std::int64_t step_y);

// Threads inside one product, and inside LibTorch's own operations on the calling thread. To be
// called while no product runs.
void set_inner_threads(int threads);
int inner_threads();

// While it lives, products stay on the thread that asks for them: for threads that share out the
// work on one step themselves.
class OneThreadAProduct {
 public:
  OneThreadAProduct();
  ~OneThreadAProduct();
  OneThreadAProduct(const OneThreadAProduct&) = delete;
  OneThreadAProduct& operator=(const OneThreadAProduct&) = delete;

 private:
  int before_;
};

// For a thread that works on its own chunk of members: LibTorch's operations on it start no others.
void stay_on_this_thread();

// Name, version and core type of the BLAS in use, for instance "OpenBLAS 0.3.21 (SkylakeX)";
// "reference BLAS" for another, which is slow.
const char* blas_name();

}  // namespace strffit::ops
