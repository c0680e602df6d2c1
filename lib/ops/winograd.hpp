// Winograd's F(2, 3) and F(4, 3) (Lavin & Gray 2016): neighbouring outputs of a kernel of
// three taps need fewer products together than separately. Inputs d and kernel g are
// transformed linearly to u and k; products m = u k may be summed over channels; outputs z are
// sums of m. Backwards, gradients of m are sums of those of z, and gradients of g are sums of
// those of k.
#pragma once

#include <cstdint>

namespace strffit::ops {

// Taps of the kernel.
inline constexpr std::int64_t kTileWidth = 3;

// Two outputs from four products instead of six.
struct TileOfTwo {
  static constexpr std::int64_t kOutputs = 2, kProducts = 4;
  template <class T>
  static void input(const T (&d)[4], T (&u)[4]) {
    u[0] = d[0] - d[2];
    u[1] = d[1] + d[2];
    u[2] = d[2] - d[1];
    u[3] = d[1] - d[3];
  }
  template <class T>
  static void kernel(const T (&g)[3], T (&k)[4]) {
    k[0] = g[0];
    k[1] = (g[0] + g[1] + g[2]) / 2;
    k[2] = (g[0] - g[1] + g[2]) / 2;
    k[3] = g[2];
  }
  template <class T>
  static void output(const T (&m)[4], T (&z)[2]) {
    z[0] = m[0] + (m[1] + m[2]);
    z[1] = (m[1] - m[2]) - m[3];
  }
  template <class T>
  static void output_gradient(const T (&dz)[2], T (&dm)[4]) {
    dm[0] = dz[0];
    dm[1] = dz[0] + dz[1];
    dm[2] = dz[0] - dz[1];
    dm[3] = -dz[1];
  }
  template <class T>
  static void kernel_gradient(const T (&dk)[4], T (&dg)[3]) {
    dg[0] = dk[0] + (dk[1] + dk[2]) / 2;
    dg[1] = (dk[1] - dk[2]) / 2;
    dg[2] = (dk[1] + dk[2]) / 2 + dk[3];
  }
};

// Four outputs from six products instead of twelve.
struct TileOfFour {
  static constexpr std::int64_t kOutputs = 4, kProducts = 6;
  template <class T>
  static void input(const T (&d)[6], T (&u)[6]) {
    const T near = d[4] - 4 * d[2], far = d[3] - 4 * d[1], even = d[4] - d[2],
            odd = 2 * (d[3] - d[1]);
    u[0] = 4 * (d[0] - d[2]) + even;
    u[1] = near + far;
    u[2] = near - far;
    u[3] = even + odd;
    u[4] = even - odd;
    u[5] = 4 * d[1] - 5 * d[3] + d[5];
  }
  template <class T>
  static void kernel(const T (&g)[3], T (&k)[6]) {
    const T near = (g[0] + g[2]) / 6, far = g[0] / 24 + g[2] / 6;
    k[0] = g[0] / 4;
    k[1] = -near - g[1] / 6;
    k[2] = g[1] / 6 - near;
    k[3] = far + g[1] / 12;
    k[4] = far - g[1] / 12;
    k[5] = g[2];
  }
  template <class T>
  static void output(const T (&m)[6], T (&z)[4]) {
    const T near = m[1] + m[2], far = m[3] + m[4], near_odd = m[1] - m[2], far_odd = m[3] - m[4];
    z[0] = m[0] + near + far;
    z[1] = near_odd + 2 * far_odd;
    z[2] = near + 4 * far;
    z[3] = near_odd + 8 * far_odd + m[5];
  }
  template <class T>
  static void output_gradient(const T (&dz)[4], T (&dm)[6]) {
    const T near = dz[0] + dz[2], near_odd = dz[1] + dz[3], far = dz[0] + 4 * dz[2],
            far_odd = 2 * dz[1] + 8 * dz[3];
    dm[0] = dz[0];
    dm[1] = near + near_odd;
    dm[2] = near - near_odd;
    dm[3] = far + far_odd;
    dm[4] = far - far_odd;
    dm[5] = dz[3];
  }
  template <class T>
  static void kernel_gradient(const T (&dk)[6], T (&dg)[3]) {
    const T near = dk[1] + dk[2], far = dk[3] + dk[4];
    dg[0] = dk[0] / 4 - near / 6 + far / 24;
    dg[1] = (dk[2] - dk[1]) / 6 + (dk[3] - dk[4]) / 12;
    dg[2] = (far - near) / 6 + dk[5];
  }
};

}  // namespace strffit::ops
