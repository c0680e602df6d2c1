// Many things named in one line of a message.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace strffit {

// "unit a", "2 units (a, b)", "12 units (a, b, c, d, e, ...)". `names` may not be empty.
inline std::string some_of(const std::vector<std::string>& names, const std::string& noun) {
  constexpr std::size_t kShown = 5;
  if (names.size() == 1) return noun + " " + names.front();
  std::string list;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    list += (i == 0 ? "" : ", ") + names[i];
  }
  return std::to_string(names.size()) + " " + noun + "s (" + list +
         (names.size() > kShown ? ", ...)" : ")");
}

}  // namespace strffit
