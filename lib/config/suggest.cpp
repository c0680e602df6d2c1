#include "config/suggest.hpp"

#include <algorithm>
#include <cctype>

namespace strffit::config {
namespace {

bool same(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

int edit_distance(const std::string& a, const std::string& b) {
  const std::size_t columns = b.size() + 1;
  std::vector<int> table((a.size() + 1) * columns);
  const auto at = [&](std::size_t i, std::size_t j) -> int& { return table[i * columns + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        at(i, j) = static_cast<int>(i + j);
        continue;
      }
      const int replaced = at(i - 1, j - 1) + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      at(i, j) = std::min({replaced, at(i - 1, j) + 1, at(i, j - 1) + 1});
      const bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
      if (swapped) at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return at(a.size(), b.size());
}

std::string nearest(const std::string& word, const std::vector<std::string>& names) {
  constexpr std::size_t kLongestKey = 64;  // longer keys would also take too long
  if (word.size() > kLongestKey) return "";
  std::string best;
  int best_distance = 0;
  for (const auto& name : names) {
    const int distance = edit_distance(word, name);
    const auto longer = static_cast<int>(std::max(word.size(), name.size()));
    if (distance * 5 > longer * 2) continue;  // more than two letters in five differ
    if (best.empty() || distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names,
                         const std::string& otherwise) {
  const std::string meant = nearest(word, names);
  return meant.empty() ? otherwise : "; did you mean \"" + meant + "\"?";
}

}  // namespace strffit::config
