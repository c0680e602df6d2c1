#include "ops/ordered_gemm.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "ops/packed_matrix.hpp"
#include "ops/row_blocks.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

template <class T>
using Register __attribute__((vector_size(kRegisterBytes), aligned(sizeof(T)), may_alias)) = T;
template <class T>
constexpr Index kLanes = kRegisterBytes / sizeof(T);

// Registers of columns worked at once, and the rows beside them: as many sums as there are
// registers for, next to a row of b and a number of a.
constexpr Index kMostColumns = 3;
constexpr Index rows_beside(Index columns) {
  const Index rows = (kRegisters - 2 - columns) / columns;
  return rows >= 16 ? 16 : rows >= 8 ? 8 : 4;
}
// Numbers summed in registers; sums of sums are kept in c. The panel of b stays in the cache.
constexpr Index kDepth = 256;

// What is read and written for some columns: element (i, j) of a is a[i row + j step].
template <class T>
struct Operands {
  const T* a;
  Index row, step, depth;
  const T* panel;  // (depth, columns kLanes)
  T* c;
  Index ldc, width;  // columns that there are
  bool add;
};

template <class T, Index rows, Index columns>
[[gnu::noinline]] void ordered_block(const Operands<T>& o, Index first) {
  Register<T> sum[rows][columns] = {};
  const T *a = o.a + first * o.row, *b = o.panel;
  for (Index j = 0; j < o.depth; ++j, a += o.step, b += columns * kLanes<T>) {
    Register<T> in[columns];
#pragma GCC unroll 4
    for (Index v = 0; v < columns; ++v)
      in[v] = *reinterpret_cast<const Register<T>*>(b + v * kLanes<T>);
#pragma GCC unroll 16
    for (Index r = 0; r < rows; ++r) {
#pragma GCC unroll 4
      for (Index v = 0; v < columns; ++v) sum[r][v] += in[v] * a[r * o.row];
    }
  }
#pragma GCC unroll 16
  for (Index r = 0; r < rows; ++r) {
    T* to = o.c + (first + r) * o.ldc;
    T row[columns * kLanes<T>];
#pragma GCC unroll 4
    for (Index v = 0; v < columns; ++v)
      *reinterpret_cast<Register<T>*>(row + v * kLanes<T>) = sum[r][v];
    if (o.add) {
      for (Index j = 0; j < o.width; ++j) to[j] += row[j];
    } else {
      std::copy_n(row, o.width, to);
    }
  }
}

template <class T, Index columns>
void ordered_panel(const Operands<T>& o, Index m) {
  constexpr Index kRows = rows_beside(columns);
  Index row = 0;
  for (; row + kRows <= m; row += kRows) ordered_block<T, kRows, columns>(o, row);
  for (; row + 4 <= m; row += 4) ordered_block<T, 4, columns>(o, row);
  for (; row < m; ++row) ordered_block<T, 1, columns>(o, row);
}

template <class T>
void ordered_rows(bool transposed_a, Index m, Index n, Index k, const T* a, Index lda, const T* b,
                  Index ldb, T beta, T* c, Index ldc) {
  const Index registers = (n + kLanes<T> - 1) / kLanes<T>,
              panels = (registers + kMostColumns - 1) / kMostColumns;
  std::vector<T> panel(static_cast<std::size_t>(std::min(k, kDepth) * kMostColumns * kLanes<T>));
  if (k == 0 && beta == T(0)) {
    for (Index i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, T(0));
  }
  for (Index p = 0; p < panels; ++p) {
    const Index first = p * registers / panels, columns = (p + 1) * registers / panels - first,
                begin = first * kLanes<T>, width = std::min(n - begin, columns * kLanes<T>);
    for (Index from = 0; from < k; from += kDepth) {
      const Index depth = std::min(kDepth, k - from);
      for (Index j = 0; j < depth; ++j) {
        T* to = &panel[static_cast<std::size_t>(j * columns * kLanes<T>)];
        std::copy_n(b + (from + j) * ldb + begin, width, to);
        std::fill(to + width, to + columns * kLanes<T>, T(0));
      }
      const Index row = transposed_a ? 1 : lda, step = transposed_a ? lda : 1;
      const Operands<T> operands{
          a + from * step,         row, step, depth, panel.data(), c + begin, ldc, width,
          from > 0 || beta != T(0)};
      columns == 3   ? ordered_panel<T, 3>(operands, m)
      : columns == 2 ? ordered_panel<T, 2>(operands, m)
                     : ordered_panel<T, 1>(operands, m);
    }
  }
}

}  // namespace

template <class T>
void ordered_gemm(int threads, bool transposed_a, Index m, Index n, Index k, const T* a, Index lda,
                  const T* b, Index ldb, T beta, T* c, Index ldc) {
  in_row_blocks(threads, m, n, k, [&](Index first, Index rows) {
    ordered_rows(transposed_a, rows, n, k, a + first * (transposed_a ? 1 : lda), lda, b, ldb, beta,
                 c + first * ldc, ldc);
  });
}

template void ordered_gemm<float>(int, bool, Index, Index, Index, const float*, Index, const float*,
                                  Index, float, float*, Index);
template void ordered_gemm<double>(int, bool, Index, Index, Index, const double*, Index,
                                   const double*, Index, double, double*, Index);

}  // namespace strffit::ops
