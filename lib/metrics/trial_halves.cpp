#include "metrics/trial_halves.hpp"

#include <algorithm>
#include <cstdint>

namespace strffit {
namespace {

constexpr std::uint32_t kMostSplits = 126;

// A natural number of any size, since 130 trials have more splits than 128 bits hold. Has only the
// operations of unranking.
class Natural {
 public:
  explicit Natural(std::uint32_t value) : digits_{value} { trim(); }

  Natural& operator*=(std::uint32_t factor) {
    std::uint64_t carry = 0;
    for (std::uint32_t& digit : digits_) {
      carry += std::uint64_t{digit} * factor;
      digit = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry) digits_.push_back(static_cast<std::uint32_t>(carry));
    trim();
    return *this;
  }

  // Rounds down.
  Natural& operator/=(std::uint32_t divisor) {
    std::uint64_t remainder = 0;
    for (auto digit = digits_.rbegin(); digit != digits_.rend(); ++digit) {
      remainder = (remainder << 32) | *digit;
      *digit = static_cast<std::uint32_t>(remainder / divisor);
      remainder %= divisor;
    }
    trim();
    return *this;
  }

  // `other` must not be larger.
  Natural& operator-=(const Natural& other) {
    std::int64_t carry = 0;
    for (std::size_t i = 0; i < digits_.size(); ++i) {
      carry += digits_[i];
      carry -= i < other.digits_.size() ? other.digits_[i] : 0;
      digits_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    trim();
    return *this;
  }

  bool operator<(const Natural& other) const {
    if (digits_.size() != other.digits_.size()) return digits_.size() < other.digits_.size();
    return std::lexicographical_compare(digits_.rbegin(), digits_.rend(), other.digits_.rbegin(),
                                        other.digits_.rend());
  }

 private:
  void trim() {
    while (!digits_.empty() && digits_.back() == 0) digits_.pop_back();
  }

  std::vector<std::uint32_t> digits_;  // base 2^32, least significant first, no leading zero
};

// Binomial coefficient, n over k.
template <class Number>
Number binomial(std::uint32_t n, std::uint32_t k) {
  Number result(1);
  for (std::uint32_t i = 1; i <= k; ++i) {
    result *= n - k + i;
    result /= i;
  }
  return result;
}

// The half at position `rank` among the `n_splits` halves of n trials that contain trial 0.
template <class Number>
std::vector<int> half_of_rank(Number rank, const Number& n_splits, std::uint32_t n) {
  std::vector<int> half = {0};
  half.reserve(n / 2);
  std::uint32_t wanted = n / 2 - 1;
  Number halves = n_splits;  // number that continue `half` with trials >= trial
  for (std::uint32_t trial = 1; wanted > 0 && trial < n; ++trial) {
    Number with_trial = halves;
    with_trial *= wanted;
    with_trial /= n - trial;
    if (rank < with_trial) {
      half.push_back(static_cast<int>(trial));
      halves = with_trial;
      --wanted;
    } else {
      rank -= with_trial;
      halves -= with_trial;
    }
  }
  return half;
}

template <class Number>
std::vector<std::vector<int>> halves_of(std::uint32_t n) {
  const Number n_splits = binomial<Number>(n - 1, n / 2 - 1);
  std::uint32_t used = 1;
  while (used < kMostSplits && Number(used) < n_splits) ++used;
  std::vector<std::vector<int>> halves;
  for (std::uint32_t i = 0; i < used; ++i) {
    Number rank = n_splits;
    rank *= i;
    rank /= used;
    halves.push_back(half_of_rank(rank, n_splits, n));
  }
  return halves;
}

}  // namespace

std::vector<std::vector<int>> trial_halves(int n_trials) {
  if (n_trials < 2) return {};
  const std::uint32_t n = static_cast<std::uint32_t>(n_trials) / 2 * 2;
  // Up to 60 trials no product exceeds 2^64: binomial(59, 29) is 5.9e16, times 125 is 7.4e18.
  return n <= 60 ? halves_of<std::uint64_t>(n) : halves_of<Natural>(n);
}

}  // namespace strffit
