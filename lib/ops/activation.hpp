// Activations of models.md as functions of one number, written so that compilers can vectorise
// loops over them.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace strffit::ops {

enum class Activation { identity, relu, leaky_relu, sigmoid, tanh, softplus, exp };

// Names in a config, in the order of the enum.
inline const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names = {"identity", "relu",     "leaky_relu", "sigmoid",
                                                 "tanh",     "softplus", "exp"};
  return names;
}

inline constexpr double kLeakySlope = 0.1;

// exp without a function call, so that loops vectorise: 2^n times a polynomial (Cephes expf). Error
// 2 units in the last place; saturates below -87 and above 88. For double: std::exp.
inline float fast_exp(float x) {
  x = std::min(std::max(x, -87.0F), 88.0F);
  const float shifted = x * 1.44269504F + 12582912.0F;  // 1.5 * 2^23: rounds to the nearest integer
  const float n = shifted - 12582912.0F;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float fraction = p * r * r + r + 1.0F;
  // Unsigned, because the sum overflows if x is NaN; the result is then NaN.
  const auto exponent = (std::bit_cast<std::uint32_t>(shifted) << 23) + (127U << 23);
  return fraction * std::bit_cast<float>(exponent);
}
inline double fast_exp(double x) { return std::exp(x); }

template <class T>
T sigmoid(T x) {
  return 1 / (1 + fast_exp(-x));
}
// tanh from a sigmoid loses digits near 0, so its series is used there.
template <class T>
T tanh_of(T x) {
  const T squared = x * x;
  const T far = 2 * sigmoid(2 * x) - 1;
  const T near = x * (1 - squared * (T(1) / 3 - squared * (T(2) / 15 - squared * (T(17) / 315))));
  return squared < T(0.01) ? near : far;
}
inline double tanh_of(double x) { return std::tanh(x); }
// log(1 + y) without a function call, 0 <= y <= 1: 2 artanh(y / (2 + y)), whose series is short
// there. Error 2 units in the last place. For double: std::log1p.
inline float fast_log1p(float y) {
  const float s = y / (2 + y), q = s * s;
  float p = 1.0F / 15;
  p = p * q + 1.0F / 13;
  p = p * q + 1.0F / 11;
  p = p * q + 1.0F / 9;
  p = p * q + 1.0F / 7;
  p = p * q + 1.0F / 5;
  p = p * q + 1.0F / 3;
  return 2 * s + 2 * s * q * p;
}
inline double fast_log1p(double y) { return std::log1p(y); }

template <class T>
T softplus(T x) {
  return std::max(x, T(0)) + fast_log1p(fast_exp(-std::abs(x)));
}

// Value of an activation at x, and its derivative from x and that value.
template <Activation kind, class T>
T activate(T x) {
  switch (kind) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return std::max(x, T(0));
    case Activation::leaky_relu:
      return x > 0 ? x : T(kLeakySlope) * x;
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      return tanh_of(x);
    case Activation::softplus:
      return softplus(x);
    case Activation::exp:
      return fast_exp(x);
  }
}
template <Activation kind, class T>
T derivative(T x, T value) {
  switch (kind) {
    case Activation::identity:
      return T(1);
    case Activation::relu:
      return x > 0 ? T(1) : T(0);
    case Activation::leaky_relu:
      return x > 0 ? T(1) : T(kLeakySlope);
    case Activation::sigmoid:
      return value * (1 - value);
    case Activation::tanh:
      return 1 - value * value;
    case Activation::softplus:
      return sigmoid(x);
    case Activation::exp:
      return value;
  }
}

// Calls f.template operator()<kind>(), with the activation as a compile-time constant.
template <class F>
void with_activation(Activation kind, F&& f) {
  switch (kind) {
    case Activation::identity:
      return f.template operator()<Activation::identity>();
    case Activation::relu:
      return f.template operator()<Activation::relu>();
    case Activation::leaky_relu:
      return f.template operator()<Activation::leaky_relu>();
    case Activation::sigmoid:
      return f.template operator()<Activation::sigmoid>();
    case Activation::tanh:
      return f.template operator()<Activation::tanh>();
    case Activation::softplus:
      return f.template operator()<Activation::softplus>();
    case Activation::exp:
      return f.template operator()<Activation::exp>();
  }
}

}  // namespace strffit::ops
