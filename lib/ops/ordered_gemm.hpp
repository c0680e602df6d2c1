// Matrix products whose numbers do not depend on the company they are worked in.
//
// The kernels of a BLAS sum what lies at the edge of a matrix in another order than what lies
// within, and edges lie elsewhere where more members are worked at once, or more threads. Training
// makes visible differences of such rounding, since a step of AdamW is as large for a gradient of
// rounding noise as for any other. Where the columns of a product are several members', it is
// worked here: every number is the sum over k in its order, whatever m, n and its place.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/registers.hpp"

namespace strffit::ops {

// As gemm (ops/gemm.hpp), b as it is stored, rows of c on up to `threads` threads. beta: 0 or 1.
template <class T>
void ordered_gemm(int threads, bool transposed_a, std::int64_t m, std::int64_t n, std::int64_t k,
                  const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
                  std::int64_t ldc);

// The n columns of a product in panels of a few registers each, all about equally wide.
template <class T>
class Panels {
 public:
  static constexpr std::int64_t kMostRegisters = 3,
                                kLanes = static_cast<std::int64_t>(kRegisterBytes / sizeof(T));

  explicit Panels(std::int64_t n)
      : registers_((n + kLanes - 1) / kLanes),
        count_((registers_ + kMostRegisters - 1) / kMostRegisters) {}
  std::int64_t count() const { return count_; }
  // Columns rounded up to whole registers; of a panel its first column and how many there are.
  std::int64_t padded() const { return registers_ * kLanes; }
  std::int64_t first(std::int64_t panel) const { return panel * registers_ / count_ * kLanes; }
  std::int64_t width(std::int64_t panel) const { return first(panel + 1) - first(panel); }

 private:
  std::int64_t registers_, count_;
};

// c (rows, width) = a b, or += where `add`, for a panel b that is laid out already. The sum goes
// over `runs` runs of `depth` numbers: number j of run i of row r of a is a[i run + r row + j
// step], b is (runs depth, panel_width).
template <class T>
struct PanelProduct {
  const T* a;
  std::int64_t runs, run, row, depth, step;
  const T* b;
  std::int64_t panel_width;
  T* c;
  std::int64_t ldc, width;  // columns that are stored, at most panel_width
  bool add;
};
template <class T>
void multiply_panel(std::int64_t rows, const PanelProduct<T>& product);

}  // namespace strffit::ops
