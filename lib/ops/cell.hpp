// Kinds of recurrent cells.
#pragma once

#include <cstdint>

namespace strffit::ops {

enum class Cell { gru, lstm };
inline std::int64_t gates(Cell cell) { return cell == Cell::gru ? 3 : 4; }

}  // namespace strffit::ops
