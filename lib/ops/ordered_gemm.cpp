#include "ops/ordered_gemm.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "ops/registers.hpp"
#include "ops/row_blocks.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

template <class T>
using Register __attribute__((vector_size(kRegisterBytes), aligned(sizeof(T)), may_alias)) = T;
template <class T>
constexpr Index kLanes = Panels<T>::kLanes;

// Rows per block: the sums, a row of b and a number of a fill the registers.
constexpr Index rows_beside(Index columns) {
  const Index rows = (kRegisters - 2 - columns) / columns;
  return rows >= 16 ? 16 : rows >= 8 ? 8 : 4;
}
// Terms summed in registers before c is updated; this part of a panel of b stays in the cache.
constexpr Index kDepth = 256;

template <class T, Index columns>
[[gnu::always_inline]] inline void store_row(const PanelProduct<T>& p,
                                             const Register<T> (&sum)[columns], T* to) {
  if (p.width == columns * kLanes<T>) {
#pragma GCC unroll 4
    for (Index v = 0; v < columns; ++v) {
      auto* numbers = reinterpret_cast<Register<T>*>(to + v * kLanes<T>);
      *numbers = p.add ? *numbers + sum[v] : sum[v];
    }
    return;
  }
  T row[columns * kLanes<T>];
#pragma GCC unroll 4
  for (Index v = 0; v < columns; ++v) *reinterpret_cast<Register<T>*>(row + v * kLanes<T>) = sum[v];
  if (p.add) {
    for (Index j = 0; j < p.width; ++j) to[j] += row[j];
  } else {
    std::copy_n(row, p.width, to);
  }
}

template <class T, Index rows, Index columns>
[[gnu::noinline]] void ordered_block(const PanelProduct<T>& p, Index first) {
  Register<T> sum[rows][columns] = {};
  const T* b = p.b;
  for (Index run = 0; run < p.runs; ++run) {
    const T* a = p.a + run * p.run + first * p.row;
    for (Index j = 0; j < p.depth; ++j, a += p.step, b += columns * kLanes<T>) {
      Register<T> in[columns];
#pragma GCC unroll 4
      for (Index v = 0; v < columns; ++v)
        in[v] = *reinterpret_cast<const Register<T>*>(b + v * kLanes<T>);
#pragma GCC unroll 16
      for (Index r = 0; r < rows; ++r) {
#pragma GCC unroll 4
        for (Index v = 0; v < columns; ++v) sum[r][v] += in[v] * a[r * p.row];
      }
    }
  }
#pragma GCC unroll 16
  for (Index r = 0; r < rows; ++r) store_row<T, columns>(p, sum[r], p.c + (first + r) * p.ldc);
}

template <class T, Index columns>
void ordered_panel(const PanelProduct<T>& p, Index m) {
  constexpr Index kRows = rows_beside(columns);
  Index row = 0;
  for (; row + kRows <= m; row += kRows) ordered_block<T, kRows, columns>(p, row);
  for (; row + 4 <= m; row += 4) ordered_block<T, 4, columns>(p, row);
  for (; row < m; ++row) ordered_block<T, 1, columns>(p, row);
}

template <class T>
void ordered_rows(bool transposed_a, Index m, Index n, Index k, const T* a, Index lda, const T* b,
                  Index ldb, T beta, T* c, Index ldc) {
  const Panels<T> panels(n);
  std::vector<T> panel(
      static_cast<std::size_t>(std::min(k, kDepth) * Panels<T>::kMostRegisters * kLanes<T>));
  if (k == 0 && beta == T(0)) {
    for (Index i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, T(0));
  }
  for (Index p = 0; p < panels.count(); ++p) {
    const Index begin = panels.first(p), padded = panels.width(p),
                width = std::min(n - begin, padded);
    for (Index from = 0; from < k; from += kDepth) {
      const Index depth = std::min(kDepth, k - from);
      for (Index j = 0; j < depth; ++j) {
        T* to = &panel[static_cast<std::size_t>(j * padded)];
        std::copy_n(b + (from + j) * ldb + begin, width, to);
        std::fill(to + width, to + padded, T(0));
      }
      const Index row = transposed_a ? 1 : lda, step = transposed_a ? lda : 1;
      multiply_panel<T>(m, {a + from * step, 1, 0, row, depth, step, panel.data(), padded,
                            c + begin, ldc, width, from > 0 || beta != T(0)});
    }
  }
}

}  // namespace

template <class T>
void multiply_panel(Index rows, const PanelProduct<T>& product) {
  const Index registers = product.panel_width / kLanes<T>;
  registers == 3   ? ordered_panel<T, 3>(product, rows)
  : registers == 2 ? ordered_panel<T, 2>(product, rows)
                   : ordered_panel<T, 1>(product, rows);
}

template void multiply_panel<float>(Index, const PanelProduct<float>&);
template void multiply_panel<double>(Index, const PanelProduct<double>&);

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
