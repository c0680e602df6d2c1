// A matrix packed for products with many rows, which recurrent layers need at every frame. A
// BLAS would copy the matrix at every call, and its kernels differ between processors. Here
// the matrix is copied once, in reading order, and each output is summed over the inputs in
// order. A row's numbers therefore depend neither on other rows nor on the BLAS. Private to
// this room.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "ops/registers.hpp"

namespace strffit::ops {

template <class T>
class PackedMatrix {
  using Index = std::int64_t;
  using Vector __attribute__((vector_size(kRegisterBytes))) = T;
  static constexpr Index kLanes = kRegisterBytes / sizeof(T);
  // Sums of a panel of outputs stay in registers: enough to keep the processor busy with one row,
  // and as many rows as fit.
  static constexpr Index kWidest = 7, kMostRows = kRegisters >= 32 ? 4 : 2;

 public:
  // For matrices (inner, outputs); empty before pack.
  explicit PackedMatrix(Index outputs)
      : outputs_(outputs), vectors_((outputs + kLanes - 1) / kLanes) {}

  // Copies the matrix with elements (k, i) = row(k)[i step], k = 0 .. inner - 1.
  template <class Row>
  void pack(Index inner, Index step, Row&& row) {
    inner_ = inner;
    numbers_.resize(static_cast<std::size_t>(inner * vectors_));
    auto* to = numbers_.data();
    for_panels(false, [&](Index first, Index width) {
      for (Index k = 0; k < inner; ++k) {
        const T* from = row(k) + first * kLanes * step;
        for (Index v = 0; v < width; ++v, ++to, from += kLanes * step) {
          const auto there = std::min(kLanes, outputs_ - (first + v) * kLanes);
          if (there == kLanes && step == 1) {
            std::memcpy(to, from, sizeof(*to));
            continue;
          }
          for (Index lane = 0; lane < kLanes; ++lane)
            to->of[static_cast<std::size_t>(lane)] = lane < there ? from[lane * step] : T(0);
        }
      }
    });
  }

  // Outputs in whole registers: length of a row of y and of start.
  Index padded() const { return vectors_ * kLanes; }

  // y[r] = start[r] + s[r] times the matrix for rows r = 0 .. rows - 1. Reads `inner` numbers
  // s[r][0], s[r][step], ... start[r] and y[r] have `padded` numbers, start_step (0: one for
  // all rows) and `padded` apart. start may be y. `last_first`: reads the matrix from its
  // other end, with the same result; alternating calls then find in the cache what was read
  // last.
  void multiply(Index rows, const T* const* s, Index step, const T* start, Index start_step, T* y,
                bool last_first = false) const {
    for_panels(last_first, [&](Index first, Index width) {
      const auto* w = numbers_.data() + inner_ * first;
      const auto at = first * kLanes;
      Index row = 0;
      const auto work = [&]<Index count>(std::integral_constant<Index, count> together) {
        for (; row + count <= rows; row += count) {
          panel(width, together, w->of.data(), s + row, step, start + row * start_step + at,
                start_step, y + row * padded() + at);
        }
      };
      if constexpr (kMostRows >= 4) work(std::integral_constant<Index, 4>());
      work(std::integral_constant<Index, 2>());
      work(std::integral_constant<Index, 1>());
    });
  }

 private:
  struct alignas(kRegisterBytes) Lanes {
    std::array<T, static_cast<std::size_t>(kLanes)> of;
  };

  // Calls work(first, width) for panels of `width` registers of outputs, about equally wide.
  template <class Work>
  void for_panels(bool last_first, Work&& work) const {
    const auto panels = (vectors_ + kWidest - 1) / kWidest;
    for (Index j = 0; j < panels; ++j) {
      const auto i = last_first ? panels - 1 - j : j;
      const auto first = i * vectors_ / panels;
      work(first, (i + 1) * vectors_ / panels - first);
    }
  }

  template <Index rows>
  void panel(Index width, std::integral_constant<Index, rows>, const T* w, const T* const* s,
             Index step, const T* start, Index start_step, T* y) const {
    switch (width) {
      case 1:
        return sums<1, rows>(w, s, step, start, start_step, y);
      case 2:
        return sums<2, rows>(w, s, step, start, start_step, y);
      case 3:
        return sums<3, rows>(w, s, step, start, start_step, y);
      case 4:
        return sums<4, rows>(w, s, step, start, start_step, y);
      case 5:
        return sums<5, rows>(w, s, step, start, start_step, y);
      case 6:
        return sums<6, rows>(w, s, step, start, start_step, y);
      default:
        return sums<kWidest, rows>(w, s, step, start, start_step, y);
    }
  }

  static Vector load(const T* from) {
    Vector numbers;
    std::memcpy(&numbers, from, sizeof(numbers));
    return numbers;
  }
  static void store(const Vector& numbers, T* to) { std::memcpy(to, &numbers, sizeof(numbers)); }

  template <Index width, Index rows>
  [[gnu::noinline]] void sums(const T* w, const T* const* s, Index step, const T* start,
                              Index start_step, T* y) const {
    Vector sum[rows][width];
    const T* factor[rows];
#pragma GCC unroll 8
    for (Index r = 0; r < rows; ++r) {
      factor[r] = s[r];
#pragma GCC unroll 8
      for (Index v = 0; v < width; ++v) sum[r][v] = load(start + r * start_step + v * kLanes);
    }
    const auto numbers = inner_ * step;
    for (Index k = 0; k < numbers; k += step, w += width * kLanes) {
#pragma GCC unroll 8
      for (Index r = 0; r < rows; ++r) {
#pragma GCC unroll 8
        for (Index v = 0; v < width; ++v) sum[r][v] += load(w + v * kLanes) * factor[r][k];
      }
    }
#pragma GCC unroll 8
    for (Index r = 0; r < rows; ++r) {
#pragma GCC unroll 8
      for (Index v = 0; v < width; ++v) store(sum[r][v], y + r * padded() + v * kLanes);
    }
  }

  Index outputs_, vectors_, inner_ = 0;
  std::vector<Lanes> numbers_;  // by panel, then by input
};

}  // namespace strffit::ops
