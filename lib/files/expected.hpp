// The shape that a dataset must have.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "util/array.hpp"

namespace strffit::files {

// What a dataset must look like; default: anything. A size of -1 matches every size. Where one axis
// is expected, a row, a column (1 x n, n x 1) and a single value are taken as that list; where the
// first sizes are 1, a dataset without these axes is taken too. What is read has the axes expected.
struct Expected {
  std::optional<Shape> shape = std::nullopt;
  std::string axes;  // names for the message, "(N, R, T)"; may be empty

  Expected() = default;
  Expected(Shape s, std::string names = "") : shape(std::move(s)), axes(std::move(names)) {}
};

}  // namespace strffit::files
