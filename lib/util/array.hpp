// A plain dense array in C order, for rooms without LibTorch: files, dataset, metrics.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace strffit {

using Shape = std::vector<std::int64_t>;

// a * b, or the largest int64 on overflow. Both must be >= 0.
inline std::int64_t bounded_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max()
                                                : product;
}

// Number of elements of a shape, limited to the largest int64 because a damaged file may claim any
// shape. 1 for the empty shape of a scalar.
inline std::int64_t count(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, bounded_product);
}

// "(37, 20, 999)".
inline std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + ")";
}

template <class T>
struct Array {
  Shape shape;
  std::vector<T> values;  // count(shape) values, last axis fastest

  Array() = default;
  explicit Array(Shape s, T fill = T{})
      : shape(std::move(s)), values(static_cast<std::size_t>(count(shape)), fill) {}
  Array(Shape s, std::vector<T> v) : shape(std::move(s)), values(std::move(v)) {}

  std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }
  std::int64_t dim(std::size_t axis) const { return shape.at(axis); }
  T* data() { return values.data(); }
  const T* data() const { return values.data(); }
};

}  // namespace strffit
