// Prefetches numbers that are needed soon: processors do not predict alternating access to many
// short runs. Private to this room.
#pragma once

#include <cstdint>

namespace strffit::ops {

enum class For { reading, writing };

// Prefetches `count` numbers from `from` on.
template <For use = For::reading, class T>
void fetch(const T* from, std::int64_t count) {
  constexpr auto kLine = static_cast<std::int64_t>(64 / sizeof(T));
  for (std::int64_t i = 0; i < count; i += kLine)
    __builtin_prefetch(from + i, use == For::writing ? 1 : 0);
}

}  // namespace strffit::ops
