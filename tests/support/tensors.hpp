// Tensors for tests: noise that is the same on every machine, and comparisons that fail for NaN.
#pragma once

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "ops/layout.hpp"
#include "util/array.hpp"
#include "util/random.hpp"

namespace strffit::test {

// Standard normal numbers, double.
inline at::Tensor noise(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  auto values = at::empty(shape, at::kDouble);
  Random random(seed);
  for (std::int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = random.normal();
  return values;
}

inline at::Tensor to_tensor(const Array<double>& array) {
  auto values = at::empty(array.shape, at::kDouble);
  std::copy(array.values.begin(), array.values.end(), values.data_ptr<double>());
  return values;
}

// The same numbers, with the members of (M, S, K) side by side in each frame.
inline at::Tensor side_by_side(const at::Tensor& signal) {
  return signal.transpose(0, 1).contiguous().transpose(0, 1);
}

// 1 at the frames of the stimuli, 0 at gap frames (1, S, 1), double.
inline at::Tensor real_frames(const ops::Layout& layout) {
  auto real = at::zeros({1, layout.total, 1}, at::kDouble);
  for (const auto& [begin, frames] : layout.segments) real.narrow(1, begin, frames).fill_(1);
  return real;
}

// Largest magnitude; NaN if any is, 0 without elements.
inline double largest(const at::Tensor& values) {
  return values.numel() ? values.detach().to(at::kDouble).abs().max().item<double>() : 0;
}

// Largest magnitude of found - expected; infinite if shapes differ.
inline double difference(const at::Tensor& found, const at::Tensor& expected) {
  if (found.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  return largest(found.detach().to(at::kDouble) - expected.detach().to(at::kDouble));
}

// Difference relative to the largest expected magnitude, or to 1 if that is below 1e-9.
inline double relative_difference(const at::Tensor& found, const at::Tensor& expected) {
  const double scale = largest(expected);
  return difference(found, expected) / (scale > 1e-9 ? scale : 1);
}

}  // namespace strffit::test
