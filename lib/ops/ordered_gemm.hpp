// Matrix products whose numbers do not depend on other columns.
//
// The kernels of a BLAS sum the edge of a matrix in another order than its interior, and the edges
// move with the number of members or threads. Training makes such rounding differences visible,
// because a step of AdamW is as large for a gradient of rounding noise as for any other. If the
// columns of a product belong to several members, use these functions: every number is a sum over k
// in order, whatever m, n and its position.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/registers.hpp"

namespace strffit::ops {

// Like gemm (ops/gemm.hpp), with b as stored, on up to `threads` threads. beta: 0 or 1.
template <class T>
void ordered_gemm(int threads, bool transposed_a, std::int64_t m, std::int64_t n, std::int64_t k,
                  const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
                  std::int64_t ldc);

// Divides the n columns of a product into panels of a few registers, about equally wide.
template <class T>
class Panels {
 public:
  static constexpr std::int64_t kMostRegisters = 3,
                                kLanes = static_cast<std::int64_t>(kRegisterBytes / sizeof(T));

  explicit Panels(std::int64_t n)
      : registers_((n + kLanes - 1) / kLanes),
        count_((registers_ + kMostRegisters - 1) / kMostRegisters) {}
  std::int64_t count() const { return count_; }
  // Number of columns in whole registers; first column and width of a panel.
  std::int64_t padded() const { return registers_ * kLanes; }
  std::int64_t first(std::int64_t panel) const { return panel * registers_ / count_ * kLanes; }
  std::int64_t width(std::int64_t panel) const { return first(panel + 1) - first(panel); }

 private:
  std::int64_t registers_, count_;
};

// c (rows, width) = a b, or += if `add`, for a packed panel b. The sum covers `runs` runs of
// `depth` numbers: number j of run i in row r of a is a[i run + r row + j step]; b is (runs depth,
// panel_width).
template <class T>
struct PanelProduct {
  const T* a;
  std::int64_t runs, run, row, depth, step;
  const T* b;
  std::int64_t panel_width;
  T* c;
  std::int64_t ldc, width;  // width: columns to store, at most panel_width
  bool add;
};
template <class T>
void multiply_panel(std::int64_t rows, const PanelProduct<T>& product);

}  // namespace strffit::ops
