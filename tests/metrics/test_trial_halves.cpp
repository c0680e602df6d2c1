#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "metrics/trial_halves.hpp"

namespace strffit {
namespace {

// All halves of `n` trials with trial 0 in lexicographic order, by counting through the subsets.
std::vector<std::vector<int>> all_halves(int n) {
  std::vector<std::vector<int>> found;
  std::vector<int> half = {0};
  const auto extend = [&](const auto& self, int next) -> void {
    if (static_cast<int>(half.size()) == n / 2) {
      found.push_back(half);
      return;
    }
    for (int trial = next; trial < n; ++trial) {
      half.push_back(trial);
      self(self, trial + 1);
      half.pop_back();
    }
  };
  extend(extend, 1);
  return found;
}

std::uint64_t checksum(const std::vector<std::vector<int>>& halves) {
  std::uint64_t sum = 0;
  for (const auto& half : halves) {
    for (const int trial : half) {
      sum = (sum * 31 + static_cast<std::uint64_t>(trial) + 1) % 1000000007;
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("trial halves: none of fewer than two trials") {
  CHECK(trial_halves(0).empty());
  CHECK(trial_halves(1).empty());
}

TEST_CASE("trial halves: written out for few trials") {
  using Halves = std::vector<std::vector<int>>;
  CHECK(trial_halves(2) == Halves{{0}});
  CHECK(trial_halves(3) == Halves{{0}});
  CHECK(trial_halves(4) == Halves{{0, 1}, {0, 2}, {0, 3}});
  CHECK(trial_halves(5) == trial_halves(4));
}

TEST_CASE("trial halves: evenly spaced ranks of the full list, 2 to 20 trials") {
  for (int n = 2; n <= 20; n += 2) {
    CAPTURE(n);
    const auto all = all_halves(n);
    if (n == 10) CHECK(all.size() == 126);
    if (n == 20) CHECK(all.size() == 92378);
    const std::size_t used = std::min<std::size_t>(all.size(), 126);
    std::vector<std::vector<int>> expected;
    for (std::size_t i = 0; i < used; ++i) expected.push_back(all[i * all.size() / used]);
    CHECK(trial_halves(n) == expected);
    CHECK(trial_halves(n + 1) == expected);
  }
}

TEST_CASE("trial halves: exact where the number of splits needs more than 64 or 128 bits") {
  // Reference: the same checksum of halves(R) of the reference implementation, whose integers have
  // any size.
  CHECK(checksum(trial_halves(60)) == 125983965);
  CHECK(checksum(trial_halves(62)) == 137299465);
  CHECK(checksum(trial_halves(70)) == 782815796);
  CHECK(checksum(trial_halves(130)) == 695759115);
  CHECK(checksum(trial_halves(200)) == 731195663);
}

}  // namespace strffit
