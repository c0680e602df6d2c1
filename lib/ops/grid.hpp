// Memory order of a signal (M, S, K): member after member, or the channels of all members side
// by side in each frame. Both are `blocks` matrices of `rows` frames and `columns` numbers.
// Numbers per channel (a bias, the weight of a norm) form a vector (blocks, columns) in the same
// order.
#pragma once

#include <ATen/Functions.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "ops/layout.hpp"

namespace strffit::ops {

struct Grid {
  std::int64_t blocks, rows, columns;

  // `signal` must have one of the two orders (see `ordered`).
  explicit Grid(const at::Tensor& signal)
      : blocks(signal.size(0)), rows(signal.size(1)), columns(signal.size(2)) {
    if (!signal.is_contiguous()) {
      columns *= blocks;
      blocks = 1;
    }
  }
};

// The signal itself if it has one of the two orders, otherwise a copy, member after member.
inline at::Tensor ordered(const at::Tensor& signal) {
  const bool side_by_side = signal.stride(2) == 1 && signal.stride(0) == signal.size(2) &&
                            signal.stride(1) == signal.size(0) * signal.size(2);
  return side_by_side ? signal : signal.contiguous();
}

// The signal in the order of `model`, copied if necessary.
inline at::Tensor ordered_like(const at::Tensor& signal, const at::Tensor& model) {
  if (model.is_contiguous()) return signal.contiguous();
  if (signal.strides() == model.strides()) return signal;
  return at::empty_strided(signal.sizes(), model.strides(), signal.options()).copy_(signal);
}

// Uninitialised signal of a whole batch, on large pages if it fills them.
at::Tensor empty_signal(at::IntArrayRef sizes, const at::TensorOptions& options);

// Uninitialised signal (M, S, K) in the order of `model`; K may differ.
inline at::Tensor empty_like_signal(const at::Tensor& model, std::int64_t channels) {
  const auto members = model.size(0), frames = model.size(1);
  if (model.is_contiguous()) return empty_signal({members, frames, channels}, model.options());
  return empty_signal({frames, members, channels}, model.options()).transpose(0, 1);
}

// sums[i] = sum over the frames of the stimuli of what add(frame, part) adds to part[i]. The order
// of each column's sum does not depend on other columns, so that a member's numbers do not depend
// on other members. Single precision within a stretch of frames, double over stretches.
template <class T, class Add>
void column_sums(const Layout& layout, std::int64_t columns, double* sums, Add&& add) {
  constexpr std::int64_t kStretch = 128;
  std::vector<T> part(static_cast<std::size_t>(columns));
  std::fill_n(sums, columns, 0.0);
  for (const auto& [begin, frames] : layout.segments) {
    for (std::int64_t from = begin; from < begin + frames; from += kStretch) {
      std::fill(part.begin(), part.end(), T(0));
      for (std::int64_t t = from; t < std::min(from + kStretch, begin + frames); ++t)
        add(t, part.data());
      for (std::int64_t i = 0; i < columns; ++i)
        sums[i] += static_cast<double>(part[static_cast<std::size_t>(i)]);
    }
  }
}

// Adds to sums[i] the sum of value(t)[i] over t = from .. to - 1, in several partial sums. They
// fill vector registers if neighbouring values are side by side in memory; a compiler may not
// reorder a sum itself.
template <class T, std::size_t n, class Value>
void add_lanes(std::int64_t from, std::int64_t to, Value&& value, std::array<double, n>& sums) {
  constexpr std::int64_t kLanes = 16;
  T lanes[n][kLanes] = {};
  auto t = from;
  for (; t + kLanes <= to; t += kLanes) {
    for (std::int64_t j = 0; j < kLanes; ++j) {
      const std::array<T, n> values = value(t + j);
      for (std::size_t i = 0; i < n; ++i) lanes[i][j] += values[i];
    }
  }
  for (; t < to; ++t) {
    const std::array<T, n> values = value(t);
    for (std::size_t i = 0; i < n; ++i) sums[i] += static_cast<double>(values[i]);
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (const T lane : lanes[i]) sums[i] += static_cast<double>(lane);
  }
}

// column_sums for a signal of one column, whose frames are side by side: sums[i] = sum of
// value(frame)[i] over the frames of the stimuli.
template <class T, std::size_t n, class Value>
std::array<double, n> line_sums(const Layout& layout, Value&& value) {
  constexpr std::int64_t kStretch = 2048;
  std::array<double, n> sums{};
  for (const auto& [begin, frames] : layout.segments) {
    for (std::int64_t from = begin; from < begin + frames; from += kStretch)
      add_lanes<T, n>(from, std::min(from + kStretch, begin + frames), value, sums);
  }
  return sums;
}

// Frames per step in signals of few columns; they fill registers for any number of
// columns. Always sixteen, so that the order of a column's sum does not depend on other
// columns.
inline constexpr std::int64_t kFramesAtOnce = 16;

// Calls work(at, count) for numbers at .. at + count - 1 of a block, kFramesAtOnce frames each;
// position i belongs to column i % columns. `count` is a compile-time constant for one column.
template <class Work>
void for_few_columns(std::int64_t from, std::int64_t to, std::int64_t columns, Work&& work) {
  for (; columns == 1 && from + kFramesAtOnce <= to; from += kFramesAtOnce)
    work(from, std::integral_constant<std::int64_t, kFramesAtOnce>());
  const auto step = kFramesAtOnce * columns;
  for (; from < to; from += step) work(from, std::min(step, to - from));
}

// sums[j apart + column] += what add(at, count, parts) adds to parts (n, kFramesAtOnce
// columns), called as in for_few_columns. Single precision over a few frames, then
// double.
template <class T, std::int64_t n, class Add>
void sums_of_few_columns(std::int64_t size, std::int64_t columns, double* sums, std::int64_t apart,
                         Add&& add) {
  constexpr std::int64_t kGroups = 8;
  const auto step = kFramesAtOnce * columns;
  std::vector<T> parts(static_cast<std::size_t>(n * step));
  for (std::int64_t from = 0; from < size; from += kGroups * step) {
    std::fill(parts.begin(), parts.end(), T(0));
    for_few_columns(from, std::min(from + kGroups * step, size), columns,
                    [&](std::int64_t at, auto count) { add(at, count, parts.data()); });
    for (std::int64_t j = 0; j < n; ++j) {
      const T* part = parts.data() + j * step;
      for (std::int64_t i = 0; i < step; ++i)
        sums[j * apart + i % columns] += static_cast<double>(part[i]);
    }
  }
}

// Sum of a signal over all frames, (M, S, K) -> (M, K): the gradient of a bias.
at::Tensor sum_over_frames(const at::Tensor& signal);

}  // namespace strffit::ops
