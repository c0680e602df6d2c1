// Numbers that are needed soon are asked for: where many short runs are read or written in turn, a
// processor does not foresee them by itself. Private to this room.
#pragma once

#include <cstdint>

namespace strffit::ops {

enum class For { reading, writing };

// `count` numbers from `from` on come into the cache meanwhile.
template <For use = For::reading, class T>
void fetch(const T* from, std::int64_t count) {
  constexpr auto kLine = static_cast<std::int64_t>(64 / sizeof(T));
  for (std::int64_t i = 0; i < count; i += kLine)
    __builtin_prefetch(from + i, use == For::writing ? 1 : 0);
}

}  // namespace strffit::ops
