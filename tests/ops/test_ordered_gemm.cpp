#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ops/blas_core.hpp"
#include "ops/gemm.hpp"
#include "ops/ordered_gemm.hpp"
#include "util/processor.hpp"

// After LibTorch, whose CHECK would replace doctest's.
#include <doctest/doctest.h>

using namespace strffit;
using Index = std::int64_t;

namespace {

template <class T>
std::vector<T> normal(Index size) {
  static std::mt19937 random(7);
  std::normal_distribution<double> distribution;
  std::vector<T> values(static_cast<std::size_t>(size));
  for (auto& value : values) value = static_cast<T>(distribution(random));
  return values;
}

// Element (i, j) of a product (m, n) over k in double, and how far rounding may take it.
template <class T>
struct Exact {
  double value = 0, room = 0;
  Exact(const T* a, Index row, Index step, const T* b, Index ldb, Index i, Index j, Index k) {
    for (Index l = 0; l < k; ++l) {
      const double term =
          static_cast<double>(a[i * row + l * step]) * static_cast<double>(b[l * ldb + j]);
      value += term;
      room += std::abs(term);
    }
    // Sums of k terms in any order (Higham, Accuracy and Stability, 3.1), and twice that.
    room *= 2 * static_cast<double>(k) * static_cast<double>(std::numeric_limits<T>::epsilon());
  }
};

template <class T>
void check_shapes() {
  constexpr Index kMost = 140;
  for (const Index k : {1, 7, 256, 300}) {
    const auto a = normal<T>(kMost * k), b = normal<T>(kMost * k);
    for (const bool transposed : {false, true}) {
      const Index lda = transposed ? kMost : k;
      std::vector<T> whole(static_cast<std::size_t>(kMost * kMost));
      ops::ordered_gemm<T>(1, transposed, kMost, kMost, k, a.data(), lda, b.data(), kMost, T(0),
                           whole.data(), kMost);
      bool right = true, same = true;
      for (Index i = 0; i < kMost; ++i) {
        for (Index j = 0; j < kMost; ++j) {
          const Exact<T> exact(a.data(), transposed ? 1 : k, transposed ? kMost : 1, b.data(),
                               kMost, i, j, k);
          right = right &&
                  std::abs(static_cast<double>(whole[static_cast<std::size_t>(i * kMost + j)]) -
                           exact.value) <= exact.room;
        }
      }
      // Any part of it, from any place on, is worked to the same bits; what is added to is added.
      for (const auto& [row, m] : {std::pair<Index, Index>{0, 1}, {3, 1}, {5, 17}, {1, 139}}) {
        for (const auto& [column, n] :
             {std::pair<Index, Index>{0, 1}, {9, 1}, {2, 5}, {1, 33}, {20, 120}}) {
          std::vector<T> part(static_cast<std::size_t>(m * n), T(2)), sum = part;
          const T* from = a.data() + row * (transposed ? 1 : k);
          ops::ordered_gemm<T>(1, transposed, m, n, k, from, lda, b.data() + column, kMost, T(0),
                               part.data(), n);
          ops::ordered_gemm<T>(1, transposed, m, n, k, from, lda, b.data() + column, kMost, T(1),
                               sum.data(), n);
          for (Index i = 0; i < m; ++i) {
            for (Index j = 0; j < n; ++j) {
              const auto at = static_cast<std::size_t>(i * n + j);
              same = same &&
                     part[at] == whole[static_cast<std::size_t>((row + i) * kMost + column + j)];
              if (k <= 256) same = same && sum[at] == T(2) + part[at];
            }
          }
        }
      }
      CAPTURE(k);
      CAPTURE(transposed);
      CHECK(right);
      CHECK(same);
    }
  }
}

// Under every core type of this OpenBLAS that the processor executes, or as it is.
template <class Work>
void under_every_core(Work&& work) {
  const auto before = ops::blas_core();
  for (const auto* name :
       {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Nano", "Barcelona",
        "Bobcat", "Sandybridge", "Bulldozer", "Piledriver", "Steamroller", "Excavator", "Haswell",
        "Zen", "SkylakeX", "Cooperlake"}) {
    if ((known_core(name)->needs & ~processor_instructions()) != 0) continue;
    if (!ops::use_blas_core(name)) continue;
    const std::string core = name;
    CAPTURE(core);
    work();
  }
  if (!before.empty()) ops::use_blas_core(before.c_str());
  CHECK(ops::blas_core() == before);
  work();
}

}  // namespace

TEST_CASE("an ordered product is right, and the same bits in any company") {
  check_shapes<float>();
  check_shapes<double>();
}

TEST_CASE("an ordered product of no terms is what it is added to, or nothing") {
  std::vector<float> c = {1, 2};
  ops::ordered_gemm<float>(1, false, 1, 2, 0, nullptr, 1, nullptr, 2, 1, c.data(), 2);
  CHECK(c == std::vector<float>{1, 2});
  ops::ordered_gemm<float>(1, false, 1, 2, 0, nullptr, 1, nullptr, 2, 0, c.data(), 2);
  CHECK(c == std::vector<float>{0, 0});
}

TEST_CASE("with every core type products are right, and threads change no bit") {
  constexpr Index m = 1300, n = 65, k = 60;
  const auto a = normal<float>(m * k), b = normal<float>(k * n);
  const int threads_before = ops::inner_threads();
  under_every_core([&] {
    std::vector<float> one(static_cast<std::size_t>(m * n)), two = one, ordered = one;
    ops::set_inner_threads(1);
    ops::gemm<float>(false, false, m, n, k, a.data(), k, b.data(), n, 0, one.data(), n);
    ops::set_inner_threads(2);
    ops::gemm<float>(false, false, m, n, k, a.data(), k, b.data(), n, 0, two.data(), n);
    ops::ordered_gemm<float>(2, false, m, n, k, a.data(), k, b.data(), n, 0, ordered.data(), n);
    ops::set_inner_threads(threads_before);
    CHECK(one == two);
    bool right = true;
    for (Index i = 0; i < m; i += 7) {
      for (Index j = 0; j < n; ++j) {
        const auto at = static_cast<std::size_t>(i * n + j);
        const Exact<float> exact(a.data(), k, 1, b.data(), n, i, j, k);
        right = right && std::abs(static_cast<double>(one[at]) - exact.value) <= exact.room &&
                std::abs(static_cast<double>(ordered[at]) - exact.value) <= exact.room;
      }
    }
    CHECK(right);
  });
}
