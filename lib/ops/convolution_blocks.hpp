// Convolutions of planes over frequency and time, one member's, in registers. Private to
// ops/convolution.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "ops/gemm.hpp"
#include "util/threads.hpp"

namespace strffit::ops::blocks {

using Index = std::int64_t;

// Written for registers by hand: a product with as few columns as there are channels spends its
// time on packing, whichever BLAS does it.
#if defined(__AVX512F__)
constexpr Index kVectorBytes = 64, kRegisters = 32;
#elif defined(__AVX__)
constexpr Index kVectorBytes = 32, kRegisters = 16;
#else
constexpr Index kVectorBytes = 16, kRegisters = 16;
#endif

template <class T>
struct Simd {
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  static constexpr Index kWidth = kVectorBytes / static_cast<Index>(sizeof(T));

  static Vector load(const T* from) {
    Vector v;
    std::memcpy(&v, from, sizeof(v));
    return v;
  }
  static void store(T* to, const Vector& v) { std::memcpy(to, &v, sizeof(v)); }
};

// One member's convolution: x (inputs, bands_in, S) with `edge` bands of zeros on both sides of it,
// which nobody stores, to z (outputs, bands_out, S). Frames [begin, end) of the output are worked.
struct Sizes {
  Index inputs, outputs, bands_in, bands_out, width, lags, ahead, S, begin, end, edge = 0;

  // Band `band` of x with its edges, of a channel, where it is not all zeros.
  bool stored(Index band) const { return band >= edge && band < edge + bands_in; }
  Index row(Index channel, Index band) const { return (channel * bands_in + band - edge) * S; }
};

// Frames that stay in the cache with all channels and bands.
constexpr Index kStretch = 512;
constexpr Index kMostOutputs = 12;  // worked at once

// Kernels of three bands: two neighbouring bands of the output take four products of a lag instead
// of six (Winograd's F(2, 3), Lavin & Gray 2016). From bands d0 .. d3 of the input and g0 .. g2 of
// the kernel,
//   u = (d0 - d2, d1 + d2, d2 - d1, d1 - d3)
//   k = (g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2)
//   m = u k, and the two bands are m0 + m1 + m2 and m1 - m2 - m3.
constexpr Index kPairWidth = 3, kProducts = 4;
constexpr Index kPairOutputs = (kRegisters - kProducts - 2) / kProducts;

// Channels in as few groups of at most `most` as there can be, as even as can be: 14 of 12 are 7
// and 7. visit(first, last).
template <class Visit>
void in_groups(Index channels, Index most, const Visit& visit) {
  const Index groups = (channels + most - 1) / most;
  for (Index group = 0, first = 0; group < groups; ++group) {
    const Index last = (group + 1) * channels / groups;
    visit(first, last);
    first = last;
  }
}

// n output channels of one band, `vectors` registers of frames from t on, of which the first `done`
// are worked already. w: (C, K_f, K_t, K_out). start: what is added to, a number per output
// channel; where there is none, what z holds.
template <Index n, Index vectors, class T>
void forward_block(const T* x, const T* w, const T* start, T* z, Index band, Index t, Index done,
                   const Sizes& s) {
  using V = Simd<T>;
  typename V::Vector sum[n][vectors];
  for (Index o = 0; o < n; ++o) {
    for (Index v = 0; v < vectors; ++v) {
      sum[o][v] = start != nullptr
                      ? typename V::Vector{} + start[o]
                      : V::load(z + (o * s.bands_out + band) * s.S + t + v * V::kWidth);
    }
  }
  for (Index c = 0; c < s.inputs; ++c) {
    for (Index i = 0; i < s.width; ++i) {
      if (!s.stored(band + i)) continue;
      const T* row = x + s.row(c, band + i) + t + s.ahead;
      const T* weights = w + (c * s.width + i) * s.lags * s.outputs;
      for (Index l = 0; l < s.lags; ++l, weights += s.outputs) {
        typename V::Vector in[vectors];
        for (Index v = 0; v < vectors; ++v) in[v] = V::load(row - l + v * V::kWidth);
        for (Index o = 0; o < n; ++o) {
          for (Index v = 0; v < vectors; ++v) sum[o][v] += weights[o] * in[v];
        }
      }
    }
  }
  for (Index o = 0; o < n; ++o) {
    T* out = z + (o * s.bands_out + band) * s.S + t;
    if (done == 0) {
      for (Index v = 0; v < vectors; ++v) V::store(out + v * V::kWidth, sum[o][v]);
    } else {
      for (Index j = done; j < V::kWidth; ++j) out[j] = sum[o][0][j];
    }
  }
}

template <Index n, class T>
void forward_band(const T* x, const T* w, const T* start, T* z, Index band, Index from, Index to,
                  const Sizes& s) {
  constexpr Index kVectors = 2 * n + 3 <= kRegisters ? 2 : 1, kWidth = Simd<T>::kWidth;
  Index t = from;
  for (; t + kVectors * kWidth <= to; t += kVectors * kWidth)
    forward_block<n, kVectors>(x, w, start, z, band, t, 0, s);
  for (; t + kWidth <= to; t += kWidth) forward_block<n, 1>(x, w, start, z, band, t, 0, s);
  if (t < to && to - kWidth >= from) {
    forward_block<n, 1>(x, w, start, z, band, to - kWidth, t - (to - kWidth), s);
    return;
  }
  for (; t < to; ++t) {
    for (Index o = 0; o < n; ++o) {
      T& out = z[(o * s.bands_out + band) * s.S + t];
      T sum = start != nullptr ? start[o] : out;
      for (Index c = 0; c < s.inputs; ++c) {
        for (Index i = 0; i < s.width; ++i) {
          if (!s.stored(band + i)) continue;
          const T* row = x + s.row(c, band + i) + t + s.ahead;
          const T* weights = w + (c * s.width + i) * s.lags * s.outputs + o;
          for (Index l = 0; l < s.lags; ++l) sum += weights[l * s.outputs] * row[-l];
        }
      }
      out = sum;
    }
  }
}

template <class T, Index... n>
auto forward_bands(std::integer_sequence<Index, n...>) {
  using Band = void (*)(const T*, const T*, const T*, T*, Index, Index, Index, const Sizes&);
  return std::array<Band, sizeof...(n)>{forward_band<n + 1, T>...};
}

// Frames [from, to) of one band.
template <class T>
void one_band(const T* x, const T* w, const T* start, T* z, Index band, Index from, Index to,
              const Sizes& s) {
  static const auto by_count = forward_bands<T>(std::make_integer_sequence<Index, kMostOutputs>());
  in_groups(s.outputs, kMostOutputs, [&](Index first, Index last) {
    by_count[static_cast<std::size_t>(last - first - 1)](
        x, w + first, start != nullptr ? start + first : nullptr, z + first * s.bands_out * s.S,
        band, from, to, s);
  });
}

// What the products of a pair of bands take of the input: u of every channel (C, 4, stride), frame
// t of the output meeting its lag l at t - l.
template <class T>
class PairRows {
 public:
  explicit PairRows(const Sizes& s)
      : stride_(kStretch + s.lags - 1 + Simd<T>::kWidth),
        rows_(static_cast<std::size_t>(s.inputs * kProducts * stride_)),
        zeros_(static_cast<std::size_t>(stride_)) {}

  void fill(const T* x, Index band, Index from, Index to, const Sizes& s) {
    first_ = from - (s.lags - 1);
    const Index count = to - first_;
    for (Index c = 0; c < s.inputs; ++c) {
      const auto band_of = [&](Index i) {
        return s.stored(band + i) ? x + s.row(c, band + i) + first_ + s.ahead : zeros_.data();
      };
      const T *d0 = band_of(0), *d1 = band_of(1), *d2 = band_of(2), *d3 = band_of(3);
      T* u0 = rows_.data() + c * kProducts * stride_;
      T *u1 = u0 + stride_, *u2 = u1 + stride_, *u3 = u2 + stride_;
#pragma GCC ivdep
      for (Index j = 0; j < count; ++j) {
        u0[j] = d0[j] - d2[j];
        u1[j] = d1[j] + d2[j];
        u2[j] = d2[j] - d1[j];
        u3[j] = d1[j] - d3[j];
      }
    }
  }
  // The row of product k of a channel, so that frame t of the output is at [t].
  const T* row(Index channel, Index k) const {
    return rows_.data() + (channel * kProducts + k) * stride_ - first_;
  }
  Index stride() const { return stride_; }

 private:
  Index stride_, first_ = 0;
  std::vector<T> rows_, zeros_;
};

// k of every kernel, w as in forward_block: (C, K_t, 4, K_out).
template <class T>
std::vector<T> pair_weights(const T* w, const Sizes& s) {
  std::vector<T> result(static_cast<std::size_t>(s.inputs * s.lags * kProducts * s.outputs));
  T* to = result.data();
  for (Index c = 0; c < s.inputs; ++c) {
    for (Index l = 0; l < s.lags; ++l, to += kProducts * s.outputs) {
      for (Index o = 0; o < s.outputs; ++o) {
        const auto g = [&](Index i) {
          return w[((c * kPairWidth + i) * s.lags + l) * s.outputs + o];
        };
        to[o] = g(0);
        to[s.outputs + o] = (g(0) + g(1) + g(2)) / 2;
        to[2 * s.outputs + o] = (g(0) - g(1) + g(2)) / 2;
        to[3 * s.outputs + o] = g(2);
      }
    }
  }
  return result;
}

// n output channels of a pair of bands, a register of frames from t on, of which the first `done`
// are worked already.
template <Index n, class T>
void pair_block(const PairRows<T>& u, const T* k, const T* start, T* z, Index t, Index done,
                const Sizes& s) {
  using V = Simd<T>;
  typename V::Vector sum[n][kProducts] = {};
  for (Index c = 0; c < s.inputs; ++c) {
    const T* row = u.row(c, 0) + t;
    for (Index l = 0; l < s.lags; ++l, k += kProducts * s.outputs) {
      typename V::Vector in[kProducts];
      for (Index p = 0; p < kProducts; ++p) in[p] = V::load(row + p * u.stride() - l);
      for (Index p = 0; p < kProducts; ++p) {
        for (Index o = 0; o < n; ++o) sum[o][p] += k[p * s.outputs + o] * in[p];
      }
    }
  }
  for (Index o = 0; o < n; ++o) {
    T* lower = z + o * s.bands_out * s.S + t;
    T* upper = lower + s.S;
    auto low = sum[o][0] + (sum[o][1] + sum[o][2]), high = (sum[o][1] - sum[o][2]) - sum[o][3];
    low += start != nullptr ? typename V::Vector{} + start[o] : V::load(lower);
    high += start != nullptr ? typename V::Vector{} + start[o] : V::load(upper);
    if (done == 0) {
      V::store(lower, low);
      V::store(upper, high);
    } else {
      for (Index j = done; j < V::kWidth; ++j) {
        lower[j] = low[j];
        upper[j] = high[j];
      }
    }
  }
}

template <Index n, class T>
void pair_of_bands(const PairRows<T>& u, const T* k, const T* start, T* z, Index from, Index to,
                   const Sizes& s) {
  constexpr Index kWidth = Simd<T>::kWidth;
  Index t = from;
  for (; t + kWidth <= to; t += kWidth) pair_block<n>(u, k, start, z, t, 0, s);
  if (t < to) pair_block<n>(u, k, start, z, to - kWidth, t - (to - kWidth), s);
}

template <class T, Index... n>
auto pairs_of_bands(std::integer_sequence<Index, n...>) {
  using Pair = void (*)(const PairRows<T>&, const T*, const T*, T*, Index, Index, const Sizes&);
  return std::array<Pair, sizeof...(n)>{pair_of_bands<n + 1, T>...};
}

// Whether bands [band, band + 2) of frames [from, to) go as a pair.
template <class T>
bool goes_as_pair(Index band, Index from, Index to, const Sizes& s) {
  return s.width == kPairWidth && band + 2 <= s.bands_out && to - from >= Simd<T>::kWidth;
}

// Calls work(from, to), a stretch of frames each.
template <class Work>
void for_stretches(const Sizes& s, int threads, const Work& work) {
  parallel_for((s.end - s.begin + kStretch - 1) / kStretch, threads, [&](Index i) {
    const Index from = s.begin + i * kStretch;
    work(from, std::min(from + kStretch, s.end));
  });
}

// The convolution, added to `start` (see forward_block).
template <class T>
void convolve(const T* x, const T* w, const T* start, T* z, const Sizes& s) {
  static const auto by_count = pairs_of_bands<T>(std::make_integer_sequence<Index, kPairOutputs>());
  const auto k = s.width == kPairWidth ? pair_weights(w, s) : std::vector<T>();
  for_stretches(s, inner_threads(), [&](Index from, Index to) {
    PairRows<T> u(s);
    for (Index band = 0; band < s.bands_out;) {
      if (!goes_as_pair<T>(band, from, to, s)) {
        one_band(x, w, start, z, band, from, to, s);
        ++band;
        continue;
      }
      u.fill(x, band, from, to, s);
      in_groups(s.outputs, kPairOutputs, [&](Index first, Index last) {
        by_count[static_cast<std::size_t>(last - first - 1)](
            u, k.data() + first, start != nullptr ? start + first : nullptr,
            z + (first * s.bands_out + band) * s.S, from, to, s);
      });
      band += 2;
    }
  });
  if (start == nullptr) return;
  for (Index row = 0; row < s.outputs * s.bands_out; ++row) {
    std::fill(z + row * s.S, z + row * s.S + s.begin, start[row / s.bands_out]);
    std::fill(z + row * s.S + s.end, z + (row + 1) * s.S, start[row / s.bands_out]);
  }
}

// dw (K_out, C, K_f, K_t): products of n output channels of dz with `lags` shifts of a row of x,
// summed over frames [from, to) and added to sums (n, lags), a register each.
template <Index n, Index lags, class T>
void weight_block(const T* x, const T* dz, Index plane, typename Simd<T>::Vector* sums, Index step,
                  Index from, Index to) {
  using V = Simd<T>;
  typename V::Vector sum[n][lags];
  for (Index o = 0; o < n; ++o) {
    for (Index l = 0; l < lags; ++l) sum[o][l] = sums[o * step + l];
  }
  Index t = from;
  for (; t + V::kWidth <= to; t += V::kWidth) {
    typename V::Vector out[n];
    for (Index o = 0; o < n; ++o) out[o] = V::load(dz + o * plane + t);
    for (Index l = 0; l < lags; ++l) {
      const auto in = V::load(x + t - l);
      for (Index o = 0; o < n; ++o) sum[o][l] += out[o] * in;
    }
  }
  for (; t < to; ++t) {
    for (Index o = 0; o < n; ++o) {
      for (Index l = 0; l < lags; ++l) sum[o][l][0] += dz[o * plane + t] * x[t - l];
    }
  }
  for (Index o = 0; o < n; ++o) {
    for (Index l = 0; l < lags; ++l) sums[o * step + l] = sum[o][l];
  }
}

// The same for all of the output channels and lags of one row of x. sums: (K_out, ..., K_t), `step`
// from channel to channel.
template <class T>
void weight_row(const T* x, const T* dz, Index plane, typename Simd<T>::Vector* sums, Index step,
                Index from, Index to, const Sizes& s) {
  constexpr bool kMany = kRegisters >= 32;
  constexpr Index kLags = kMany ? 9 : 3, kOutputs = 3;
  for (Index l = 0; l < s.lags;) {
    const bool many = s.lags - l >= kLags;
    for (Index o = 0; o < s.outputs;) {
      const T* out = dz + o * plane;
      auto* to_sums = sums + o * step + l;
      const Index left = s.outputs - o;
      const Index n = left == 4 || left == 2 ? 2 : left >= kOutputs ? kOutputs : 1;
      const auto work = [&]<Index lags>(std::integral_constant<Index, lags>) {
        if (n == 3) weight_block<3, lags>(x - l, out, plane, to_sums, step, from, to);
        if (n == 2) weight_block<2, lags>(x - l, out, plane, to_sums, step, from, to);
        if (n == 1) weight_block<1, lags>(x - l, out, plane, to_sums, step, from, to);
      };
      if (many) {
        work(std::integral_constant<Index, kLags>());
      } else {
        work(std::integral_constant<Index, 1>());
      }
      o += n;
    }
    l += many ? kLags : 1;
  }
}

// dw (K_out, C, K_f, K_t).
template <class T>
void weight_gradient(const T* x, const T* dz, T* dw, const Sizes& s) {
  using Vector = typename Simd<T>::Vector;
  const Index step = s.inputs * s.width * s.lags, pair_step = s.inputs * kProducts * s.lags,
              plane = s.bands_out * s.S;
  std::vector<Vector> sums(static_cast<std::size_t>(s.outputs * step), Vector{});
  std::vector<Vector> of_pairs;  // (K_out, C, 4, K_t), see PairRows
  if (s.width == kPairWidth)
    of_pairs.assign(static_cast<std::size_t>(s.outputs * pair_step), Vector{});
  PairRows<T> u(s);
  std::vector<T> both(static_cast<std::size_t>(2 * s.outputs * kStretch));
  for_stretches(s, 1, [&](Index from, Index to) {
    for (Index band = 0; band < s.bands_out;) {
      if (!goes_as_pair<T>(band, from, to, s)) {
        for (Index c = 0; c < s.inputs; ++c) {
          for (Index i = 0; i < s.width; ++i) {
            weight_row(x + s.row(c, band + i) + s.ahead, dz + band * s.S, plane,
                       &sums[static_cast<std::size_t>((c * s.width + i) * s.lags)], step, from, to,
                       s);
          }
        }
        ++band;
        continue;
      }
      // The gradients of m: those of the lower band, their sum, their difference, those of the
      // upper band with the other sign.
      u.fill(x, band, from, to, s);
      T *total = both.data(), *difference = total + s.outputs * kStretch;
      for (Index o = 0; o < s.outputs; ++o) {
        const T* low = dz + (o * s.bands_out + band) * s.S + from;
        const T* high = low + s.S;
#pragma GCC ivdep
        for (Index j = 0; j < to - from; ++j) {
          total[o * kStretch + j] = low[j] + high[j];
          difference[o * kStretch + j] = low[j] - high[j];
        }
      }
      const std::array<std::pair<const T*, Index>, kProducts> dm = {
          {{dz + band * s.S, plane},
           {total - from, kStretch},
           {difference - from, kStretch},
           {dz + (band + 1) * s.S, plane}}};
      for (Index c = 0; c < s.inputs; ++c) {
        for (Index p = 0; p < kProducts; ++p) {
          const auto [rows, stride] = dm[static_cast<std::size_t>(p)];
          weight_row(u.row(c, p), rows, stride,
                     &of_pairs[static_cast<std::size_t>((c * kProducts + p) * s.lags)], pair_step,
                     from, to, s);
        }
      }
      band += 2;
    }
  });
  const auto sum_of = [](const Vector& v) {
    T sum = 0;
    for (Index j = 0; j < Simd<T>::kWidth; ++j) sum += v[j];
    return sum;
  };
  for (std::size_t k = 0; k < sums.size(); ++k) dw[k] = sum_of(sums[k]);
  if (of_pairs.empty()) return;
  for (Index row = 0; row < s.outputs * s.inputs; ++row) {
    for (Index l = 0; l < s.lags; ++l) {
      const auto m = [&](Index p) {
        return sum_of(of_pairs[static_cast<std::size_t>((row * kProducts + p) * s.lags + l)]);
      };
      const T half = (m(1) + m(2)) / 2;
      T* to = dw + row * kPairWidth * s.lags + l;
      to[0] += m(0) + half;
      to[s.lags] += (m(1) - m(2)) / 2;
      to[2 * s.lags] += half - m(3);
    }
  }
}

}  // namespace strffit::ops::blocks
