#include "ops/gemm.hpp"

#include <ATen/Parallel.h>

#include <atomic>
#include <string>

#include "ops/blas_core.hpp"
#include "ops/row_blocks.hpp"

extern "C" {
void sgemm_(const char*, const char*, const int*, const int*, const int*, const float*,
            const float*, const int*, const float*, const int*, const float*, float*, const int*);
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*,
            const double*, const int*, const double*, const int*, const double*, double*,
            const int*);
void sgemv_(const char*, const int*, const int*, const float*, const float*, const int*,
            const float*, const int*, const float*, float*, const int*);
void dgemv_(const char*, const int*, const int*, const double*, const double*, const int*,
            const double*, const int*, const double*, double*, const int*);
// Present if the BLAS is OpenBLAS or MKL.
__attribute__((weak)) void openblas_set_num_threads(int);
__attribute__((weak)) char* openblas_get_config(void);
__attribute__((weak)) void mkl_get_version_string(char*, int);
}

namespace strffit::ops {
namespace {

// Threads allowed by set_inner_threads, reduced to 1 by OneThreadAProduct.
std::atomic<int> product_threads = 1;

template <class T>
void gemm_of_rows(bool transposed_a, bool transposed_b, std::int64_t m, std::int64_t n,
                  std::int64_t k, const T* a, std::int64_t lda, const T* b, std::int64_t ldb,
                  T beta, T* c, std::int64_t ldc) {
  // A row-major product is the column-major one of the transposes.
  const char* ta = transposed_b ? "T" : "N";
  const char* tb = transposed_a ? "T" : "N";
  const int rows = static_cast<int>(n), columns = static_cast<int>(m), inner = static_cast<int>(k);
  const int first = static_cast<int>(ldb), second = static_cast<int>(lda),
            third = static_cast<int>(ldc);
  const T one = 1;
  if constexpr (sizeof(T) == sizeof(float)) {
    sgemm_(ta, tb, &rows, &columns, &inner, &one, b, &first, a, &second, &beta, c, &third);
  } else {
    dgemm_(ta, tb, &rows, &columns, &inner, &one, b, &first, a, &second, &beta, c, &third);
  }
}

}  // namespace

// This function makes the threads itself. The BLAS would divide a product by their number, and its
// kernels round differently at edges.
template <class T>
void gemm(bool transposed_a, bool transposed_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
          std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  const int threads = product_threads;
  const OneThreadAProduct guard;
  const int own = inner_threads();
  in_row_blocks(threads, m, n, k, [&](std::int64_t first, std::int64_t rows) {
    if (threads > 1) stay_on_this_thread();  // for OpenBLAS, which asks OpenMP per thread
    gemm_of_rows(transposed_a, transposed_b, rows, n, k, a + first * (transposed_a ? 1 : lda), lda,
                 b, ldb, beta, c + first * ldc, ldc);
  });
  if (threads > 1) at::set_num_threads(own);
}

template void gemm<float>(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*,
                          std::int64_t, const float*, std::int64_t, float, float*, std::int64_t);
template void gemm<double>(bool, bool, std::int64_t, std::int64_t, std::int64_t, const double*,
                           std::int64_t, const double*, std::int64_t, double, double*,
                           std::int64_t);

template <class T>
void gemv(bool transposed, std::int64_t m, std::int64_t k, const T* a, std::int64_t lda, const T* x,
          std::int64_t step_x, T* y, std::int64_t step_y) {
  if (m == 0 || k == 0) return;
  const OneThreadAProduct guard;
  const char* kind = transposed ? "N" : "T";  // BLAS reads `a` as its transpose
  const int rows = static_cast<int>(k), columns = static_cast<int>(m), step = static_cast<int>(lda),
            from = static_cast<int>(step_x), to = static_cast<int>(step_y);
  const T one = 1, zero = 0;
  if constexpr (sizeof(T) == sizeof(float)) {
    sgemv_(kind, &rows, &columns, &one, a, &step, x, &from, &zero, y, &to);
  } else {
    dgemv_(kind, &rows, &columns, &one, a, &step, x, &from, &zero, y, &to);
  }
}

template void gemv<float>(bool, std::int64_t, std::int64_t, const float*, std::int64_t,
                          const float*, std::int64_t, float*, std::int64_t);
template void gemv<double>(bool, std::int64_t, std::int64_t, const double*, std::int64_t,
                           const double*, std::int64_t, double*, std::int64_t);

void set_inner_threads(int threads) {
  product_threads = threads;
  at::set_num_threads(threads);
  if (openblas_set_num_threads) openblas_set_num_threads(threads);
}

int inner_threads() { return at::get_num_threads(); }

OneThreadAProduct::OneThreadAProduct() : before_(product_threads) {
  if (before_ == 1) return;
  product_threads = 1;
  if (openblas_set_num_threads) openblas_set_num_threads(1);
}
OneThreadAProduct::~OneThreadAProduct() {
  if (before_ == 1) return;
  product_threads = before_;
  if (openblas_set_num_threads) openblas_set_num_threads(before_);
}

void stay_on_this_thread() { at::set_num_threads(1); }

const char* blas_name() {
  static const std::string name = [] {
    if (openblas_get_config) {
      const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE ..."
      const std::string core = blas_core();
      return config.substr(0, config.find(' ', config.find(' ') + 1)) +
             (core.empty() ? "" : " (" + core + ")");
    }
    if (mkl_get_version_string) return std::string("MKL");
    return std::string("reference BLAS");
  }();
  return name.c_str();
}

}  // namespace strffit::ops
