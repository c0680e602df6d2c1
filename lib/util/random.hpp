// Random numbers, the same on every machine and library (those of std's distributions differ).
//
// A generator is made from a seed and the numbers of a purpose, for instance (seed, unit, epoch).
// Repeating or resuming therefore needs no stored state. Generator: splitmix64 (Steele et al.
// 2014).
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>
#include <vector>

namespace strffit {

class Random {
 public:
  explicit Random(std::uint64_t seed, std::initializer_list<std::uint64_t> purpose = {})
      : state_(mix(seed + 0x9e3779b97f4a7c15ULL)) {
    for (const auto number : purpose) state_ = mix(state_ ^ mix(number + 0x9e3779b97f4a7c15ULL));
  }

  std::uint64_t bits() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Standard normal (Box and Muller 1958).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }
  // Uniform in 0 .. n-1, n >= 1.
  std::uint64_t integer(std::uint64_t n) {
    return static_cast<std::uint64_t>(uniform() * static_cast<double>(n));
  }
  // Poisson number, mean >= 0 (Knuth's method for small means, a sum of two halves for large).
  std::int64_t poisson(double mean) {
    if (mean > 30) return poisson(mean / 2) + poisson(mean / 2);
    const double limit = std::exp(-mean);
    std::int64_t n = 0;
    double product = uniform();
    while (product > limit) {
      product *= uniform();
      ++n;
    }
    return n;
  }
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[integer(i)]);
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace strffit
