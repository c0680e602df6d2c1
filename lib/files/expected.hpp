// The expected shape of an HDF5 dataset.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "util/array.hpp"

namespace strffit::files {

// Expected shape; the default accepts any. -1 matches every size. If one axis is expected, a row (1
// x n), a column (n x 1) and a single value are accepted too. Leading axes of expected size 1 may
// be missing in the file. What is read always has the expected axes.
struct Expected {
  std::optional<Shape> shape = std::nullopt;
  std::string axes;  // names of the axes for messages, "(N, R, T)"; may be empty

  Expected() = default;
  Expected(Shape s, std::string names = "") : shape(std::move(s)), axes(std::move(names)) {}
};

}  // namespace strffit::files
