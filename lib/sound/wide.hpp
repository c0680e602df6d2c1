// Several doubles with the same arithmetic: as many frames, or bands. Private to this
// room.
#pragma once

#include <cstddef>

namespace strffit {

#if defined(__AVX512F__)
inline constexpr std::size_t kWideBytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t kWideBytes = 32;
#else
inline constexpr std::size_t kWideBytes = 16;
#endif

// Eigen's FFT treats it as a number and so transforms kLanes signals at once.
struct Wide {
  typedef double Vector __attribute__((vector_size(kWideBytes)));
  static constexpr int kLanes = static_cast<int>(kWideBytes / sizeof(double));

  Vector v;

  Wide() = default;
  Wide(double x) : v(Vector{} + x) {}  // not explicit: Eigen and std::complex convert numbers
  Wide(Vector x) : v(x) {}

  double operator[](int lane) const { return v[lane]; }
  void set(int lane, double x) { v[lane] = x; }

  Wide& operator+=(Wide o) { return v += o.v, *this; }
  Wide& operator-=(Wide o) { return v -= o.v, *this; }
  Wide& operator*=(Wide o) { return v *= o.v, *this; }
  friend Wide operator+(Wide a, Wide b) { return a.v + b.v; }
  friend Wide operator-(Wide a, Wide b) { return a.v - b.v; }
  friend Wide operator*(Wide a, Wide b) { return a.v * b.v; }
  friend Wide operator-(Wide a) { return -a.v; }
};

}  // namespace strffit
