// Convolutions of one member's planes over frequency and time, in registers. Private to
// ops/convolution.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "ops/gemm.hpp"
#include "ops/winograd.hpp"
#include "util/threads.hpp"

namespace strffit::ops::blocks {

using Index = std::int64_t;

// Hand-written, because with as few columns as there are channels, every BLAS spends its time on
// packing.
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

// Uninitialised memory, aligned to registers.
template <class T>
class Scratch {
 public:
  explicit Scratch(Index numbers)
      : registers_(std::make_unique_for_overwrite<typename Simd<T>::Vector[]>(
            static_cast<std::size_t>((numbers + Simd<T>::kWidth - 1) / Simd<T>::kWidth))) {}
  T* data() const { return reinterpret_cast<T*>(registers_.get()); }

 private:
  std::unique_ptr<typename Simd<T>::Vector[]> registers_;
};

// One member's convolution: x (inputs, bands_in, S) with `edge` virtual bands of zeros on both
// sides, to z (outputs, bands_out, S). Computes frames [begin, end) of the output.
struct Sizes {
  Index inputs, outputs, bands_in, bands_out, width, lags, ahead, S, begin, end, edge = 0;

  // `band` counts the edges; true if it is stored. row(): offset of its frames in x.
  bool stored(Index band) const { return band >= edge && band < edge + bands_in; }
  Index row(Index channel, Index band) const { return (channel * bands_in + band - edge) * S; }
};

// Frames per stretch; all its channels and bands stay in the cache.
constexpr Index kStretch = 512;
// Output channels per block, and registers of frames for each: the sums, the frames and one weight
// fill the registers, with enough independent sums to hide the latency of an addition.
constexpr Index kMostOutputs = kRegisters >= 32 ? 12 : 6;
constexpr Index vectors_beside(Index outputs) {
  Index vectors = 8;
  while (vectors > 1 && (outputs + 1) * vectors + 1 > kRegisters) vectors /= 2;
  return vectors;
}

// Calls visit(first, last) for groups of at most `most` channels: as few and as even groups as
// possible, for instance 14 as 7 and 7 if `most` is 12.
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
// frames are already computed. w: (C, K_f, K_t, K_out). start: initial value for each output
// channel; if null, the values in z.
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
  constexpr Index kVectors = vectors_beside(n), kWidth = Simd<T>::kWidth;
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

// Computes frames [from, to) of one band.
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

// Rounds frames up to whole registers.
template <class T>
Index in_registers(Index frames) {
  return (frames + Simd<T>::kWidth - 1) / Simd<T>::kWidth * Simd<T>::kWidth;
}

// Kernels of three bands are computed in tiles of some neighbouring output bands, lag by lag
// (ops/winograd.hpp). TileRows holds the transformed input of a tile in a stretch: u of every
// channel (kProducts, C, stride); frame t of the output uses lag l at t - l. Zeros fill the last
// register.
template <class Tile, class T>
class TileRows {
 public:
  explicit TileRows(const Sizes& s)
      : channels_(s.inputs),
        lead_(in_registers<T>(s.lags - 1)),
        stride_(lead_ + kStretch),
        rows_(Tile::kProducts * channels_ * stride_),
        zeros_(static_cast<std::size_t>(stride_)) {}

  void fill(const T* x, Index band, Index from, Index to, const Sizes& s) {
    constexpr Index kBandsIn = Tile::kOutputs + kTileWidth - 1;
    const Index first = from - (s.lags - 1), count = to - first;
    for (Index c = 0; c < channels_; ++c) {
      const T* rows[kBandsIn];
      for (Index i = 0; i < kBandsIn; ++i)
        rows[i] = s.stored(band + i) ? x + s.row(c, band + i) + first + s.ahead : zeros_.data();
      T* to_row = rows_.data() + c * stride_ + lead_ - (s.lags - 1);
      const Index step = channels_ * stride_;
#pragma GCC ivdep
      for (Index j = 0; j < count; ++j) {
        T d[kBandsIn], u[Tile::kProducts];
        for (Index i = 0; i < kBandsIn; ++i) d[i] = rows[i][j];
        Tile::input(d, u);
        for (Index p = 0; p < Tile::kProducts; ++p) to_row[p * step + j] = u[p];
      }
      for (Index p = 0; p < Tile::kProducts; ++p)
        std::fill(to_row + p * step + count,
                  to_row + p * step + count + in_registers<T>(to - from) - (to - from), T(0));
    }
  }
  // Row of product p of a channel, starting at the first frame of the stretch.
  const T* row(Index p, Index channel) const {
    return rows_.data() + (p * channels_ + channel) * stride_ + lead_;
  }
  Index stride() const { return stride_; }

 private:
  Index channels_, lead_, stride_;  // lead_: frames for the lags of a stretch's first frame
  Scratch<T> rows_;
  std::vector<T> zeros_;
};

// Transformed kernels k, from w as in forward_block: for each product and group of output channels
// (C, K_t, channels of the group).
template <class Tile, class T>
std::vector<T> tile_weights(const T* w, const Sizes& s) {
  std::vector<T> result(static_cast<std::size_t>(Tile::kProducts * s.inputs * s.lags * s.outputs));
  const Index size = s.inputs * s.lags;
  in_groups(s.outputs, kMostOutputs, [&](Index first, Index last) {
    for (Index o = first; o < last; ++o) {
      for (Index i = 0; i < size; ++i) {
        const T* of_lag = w + (i / s.lags * kTileWidth * s.lags + i % s.lags) * s.outputs + o;
        T g[kTileWidth], k[Tile::kProducts];
        for (Index j = 0; j < kTileWidth; ++j) g[j] = of_lag[j * s.lags * s.outputs];
        Tile::kernel(g, k);
        for (Index p = 0; p < Tile::kProducts; ++p) {
          const Index at = p * s.outputs * size + first * size + i * (last - first) + o - first;
          result[static_cast<std::size_t>(at)] = k[p];
        }
      }
    }
  });
  return result;
}

// One product of n output channels, `vectors` registers of frames: sums over channels and lags of
// u, stored to m (n, kStretch).
template <Index n, Index vectors, class T>
void product_block(const T* u, Index stride, const T* k, T* m, const Sizes& s) {
  using V = Simd<T>;
  typename V::Vector sum[n][vectors];
  for (Index o = 0; o < n; ++o) {
    for (Index v = 0; v < vectors; ++v) sum[o][v] = typename V::Vector{};
  }
  for (Index c = 0; c < s.inputs; ++c) {
    const T* row = u + c * stride;
    for (Index l = 0; l < s.lags; ++l, k += n) {
      typename V::Vector in[vectors];
      for (Index v = 0; v < vectors; ++v) in[v] = V::load(row - l + v * V::kWidth);
      for (Index o = 0; o < n; ++o) {
        for (Index v = 0; v < vectors; ++v) sum[o][v] += k[o] * in[v];
      }
    }
  }
  for (Index o = 0; o < n; ++o) {
    for (Index v = 0; v < vectors; ++v) V::store(m + o * kStretch + v * V::kWidth, sum[o][v]);
  }
}

template <Index n, class T>
void product_rows(const T* u, Index stride, const T* k, T* m, Index frames, const Sizes& s) {
  constexpr Index kVectors = vectors_beside(n), kWidth = Simd<T>::kWidth;
  Index t = 0;
  for (; t + kVectors * kWidth <= frames; t += kVectors * kWidth)
    product_block<n, kVectors>(u + t, stride, k, m + t, s);
  for (; t < frames; t += kWidth) product_block<n, 1>(u + t, stride, k, m + t, s);
}

template <class T, Index... n>
auto products_by_count(std::integer_sequence<Index, n...>) {
  using Rows = void (*)(const T*, Index, const T*, T*, Index, const Sizes&);
  return std::array<Rows, sizeof...(n)>{product_rows<n + 1, T>...};
}

// Convolution of all complete tiles from `band` on. Returns the first remaining
// band.
template <class Tile, class T>
Index convolve_tiles(const T* x, const std::vector<T>& k, const T* start, T* z, Index band,
                     Index from, Index to, const Sizes& s) {
  static const auto by_count =
      products_by_count<T>(std::make_integer_sequence<Index, kMostOutputs>());
  if (band + Tile::kOutputs > s.bands_out) return band;
  TileRows<Tile, T> u(s);
  const Scratch<T> m(Tile::kProducts * kMostOutputs * kStretch);
  for (; band + Tile::kOutputs <= s.bands_out; band += Tile::kOutputs) {
    u.fill(x, band, from, to, s);
    in_groups(s.outputs, kMostOutputs, [&](Index first, Index last) {
      const Index n = last - first, size = s.inputs * s.lags;
      for (Index p = 0; p < Tile::kProducts; ++p) {
        by_count[static_cast<std::size_t>(n - 1)](
            u.row(p, 0), u.stride(), k.data() + p * s.outputs * size + first * size,
            m.data() + p * n * kStretch, in_registers<T>(to - from), s);
      }
      for (Index o = 0; o < n; ++o) {
        const T* products = m.data() + o * kStretch;
        T* out = z + ((first + o) * s.bands_out + band) * s.S + from;
        const auto finish = [&](const auto& with) {
#pragma GCC ivdep
          for (Index j = 0; j < to - from; ++j) {
            T own[Tile::kProducts], sum[Tile::kOutputs];
            for (Index p = 0; p < Tile::kProducts; ++p) own[p] = products[p * n * kStretch + j];
            Tile::output(own, sum);
            for (Index i = 0; i < Tile::kOutputs; ++i)
              out[i * s.S + j] = with(out[i * s.S + j]) + sum[i];
          }
        };
        if (start != nullptr) {
          finish([bias = start[first + o]](T) { return bias; });
        } else {
          finish([](T before) { return before; });
        }
      }
    });
  }
  return band;
}

// Calls work(from, to) for each stretch of frames.
template <class Work>
void for_stretches(const Sizes& s, int threads, const Work& work) {
  parallel_for((s.end - s.begin + kStretch - 1) / kStretch, threads, [&](Index i) {
    const Index from = s.begin + i * kStretch;
    work(from, std::min(from + kStretch, s.end));
  });
}

// The convolution; `start` as in forward_block.
template <class T>
void convolve(const T* x, const T* w, const T* start, T* z, const Sizes& s) {
  const bool tiled = s.width == kTileWidth;
  const auto of_four = tiled ? tile_weights<TileOfFour>(w, s) : std::vector<T>(),
             of_two = tiled ? tile_weights<TileOfTwo>(w, s) : std::vector<T>();
  for_stretches(s, inner_threads(), [&](Index from, Index to) {
    Index band = 0;
    if (tiled) {
      band = convolve_tiles<TileOfFour>(x, of_four, start, z, band, from, to, s);
      band = convolve_tiles<TileOfTwo>(x, of_two, start, z, band, from, to, s);
    }
    for (; band < s.bands_out; ++band) one_band(x, w, start, z, band, from, to, s);
  });
  if (start == nullptr) return;
  for (Index row = 0; row < s.outputs * s.bands_out; ++row) {
    std::fill(z + row * s.S, z + row * s.S + s.begin, start[row / s.bands_out]);
    std::fill(z + row * s.S + s.end, z + (row + 1) * s.S, start[row / s.bands_out]);
  }
}

// dw: adds to `sums` (K_out, K_t), one register each, the products of n output channels of dz
// (`plane` numbers apart) with `lags` shifts of a row of x, summed over `frames` frames.
template <Index n, Index lags, class T>
void weight_block(const T* x, const T* dz, Index plane, typename Simd<T>::Vector* sums, Index step,
                  Index frames) {
  using V = Simd<T>;
  typename V::Vector sum[n][lags];
  for (Index o = 0; o < n; ++o) {
    for (Index l = 0; l < lags; ++l) sum[o][l] = sums[o * step + l];
  }
  Index t = 0;
  for (; t + V::kWidth <= frames; t += V::kWidth) {
    typename V::Vector out[n];
    for (Index o = 0; o < n; ++o) out[o] = V::load(dz + o * plane + t);
    for (Index l = 0; l < lags; ++l) {
      const auto in = V::load(x + t - l);
      for (Index o = 0; o < n; ++o) sum[o][l] += out[o] * in;
    }
  }
  for (; t < frames; ++t) {
    for (Index o = 0; o < n; ++o) {
      for (Index l = 0; l < lags; ++l) sum[o][l][0] += dz[o * plane + t] * x[t - l];
    }
  }
  for (Index o = 0; o < n; ++o) {
    for (Index l = 0; l < lags; ++l) sums[o * step + l] = sum[o][l];
  }
}

// Most output channels and most lags in a weight_block; square blocks need the fewest loads.
constexpr Index kMostSums = kRegisters >= 32 ? 5 : 3;

template <class T>
using WeightBlock = void (*)(const T*, const T*, Index, typename Simd<T>::Vector*, Index, Index);

// weight_block for n output channels and `lags` lags is at [(n - 1) kMostSums + lags - 1].
template <class T, Index... i>
auto weight_blocks(std::integer_sequence<Index, i...>) {
  return std::array<WeightBlock<T>, sizeof...(i)>{
      weight_block<i / kMostSums + 1, i % kMostSums + 1, T>...};
}

// weight_block for all output channels and lags of one row of x.
template <class T>
void weight_row(const T* x, const T* dz, Index plane, typename Simd<T>::Vector* sums, Index frames,
                const Sizes& s) {
  static const auto by_count =
      weight_blocks<T>(std::make_integer_sequence<Index, kMostSums * kMostSums>());
  in_groups(s.outputs, kMostSums, [&](Index first, Index last) {
    in_groups(s.lags, kMostSums, [&](Index lag, Index end) {
      by_count[static_cast<std::size_t>((last - first - 1) * kMostSums + end - lag - 1)](
          x - lag, dz + first * plane, plane, sums + first * s.lags + lag, s.lags, frames);
    });
  });
}

// Sums for dw, in registers: (rows, C, K_out, K_t), with a row per band of the kernel or product of
// a tile.
template <class T>
class WeightSums {
 public:
  using Vector = typename Simd<T>::Vector;
  WeightSums(Index rows, const Sizes& s)
      : s_(s), sums_(static_cast<std::size_t>(rows * s.inputs * s.outputs * s.lags), Vector{}) {}

  Vector* of(Index row, Index channel) {
    return sums_.data() + (row * s_.inputs + channel) * s_.outputs * s_.lags;
  }
  T total(Index row, Index channel, Index output, Index lag) {
    const Vector& v = of(row, channel)[output * s_.lags + lag];
    T sum = 0;
    for (Index j = 0; j < Simd<T>::kWidth; ++j) sum += v[j];
    return sum;
  }

 private:
  Sizes s_;
  std::vector<Vector> sums_;
};

// Adds to dw (K_out, C, K_f, K_t) the gradient of all complete tiles of bands from `first_band` on.
// Returns the first remaining band.
template <class Tile, class T>
Index weight_gradient_of_tiles(const T* x, const T* dz, T* dw, Index first_band, const Sizes& s) {
  if (first_band + Tile::kOutputs > s.bands_out) return first_band;
  Index band = first_band;
  TileRows<Tile, T> u(s);
  WeightSums<T> sums(Tile::kProducts, s);
  const Index step = s.outputs * kStretch;
  const Scratch<T> dm(Tile::kProducts * step);  // (., K_out, kStretch)
  for_stretches(s, 1, [&](Index from, Index to) {
    const Index frames = to - from, all = in_registers<T>(frames);
    for (band = first_band; band + Tile::kOutputs <= s.bands_out; band += Tile::kOutputs) {
      u.fill(x, band, from, to, s);
      for (Index o = 0; o < s.outputs; ++o) {
        const T* out = dz + (o * s.bands_out + band) * s.S + from;
        T* products = dm.data() + o * kStretch;
#pragma GCC ivdep
        for (Index j = 0; j < frames; ++j) {
          T own[Tile::kOutputs], gradient[Tile::kProducts];
          for (Index i = 0; i < Tile::kOutputs; ++i) own[i] = out[i * s.S + j];
          Tile::output_gradient(own, gradient);
          for (Index p = 0; p < Tile::kProducts; ++p) products[p * step + j] = gradient[p];
        }
        for (Index p = 0; p < Tile::kProducts; ++p)
          std::fill(products + p * step + frames, products + p * step + all, T(0));
      }
      for (Index p = 0; p < Tile::kProducts; ++p) {
        for (Index c = 0; c < s.inputs; ++c)
          weight_row(u.row(p, c), dm.data() + p * step, kStretch, sums.of(p, c), all, s);
      }
    }
  });
  for (Index row = 0; row < s.outputs * s.inputs; ++row) {
    for (Index l = 0; l < s.lags; ++l) {
      T dk[Tile::kProducts], dg[kTileWidth];
      for (Index p = 0; p < Tile::kProducts; ++p)
        dk[p] = sums.total(p, row % s.inputs, row / s.inputs, l);
      Tile::kernel_gradient(dk, dg);
      for (Index i = 0; i < kTileWidth; ++i) dw[(row * kTileWidth + i) * s.lags + l] += dg[i];
    }
  }
  return band;
}

// dw (K_out, C, K_f, K_t).
template <class T>
void weight_gradient(const T* x, const T* dz, T* dw, const Sizes& s) {
  std::fill_n(dw, s.outputs * s.inputs * s.width * s.lags, T(0));
  Index first = 0;
  if (s.width == kTileWidth) {
    first = weight_gradient_of_tiles<TileOfFour>(x, dz, dw, first, s);
    first = weight_gradient_of_tiles<TileOfTwo>(x, dz, dw, first, s);
  }
  if (first == s.bands_out) return;
  WeightSums<T> sums(s.width, s);
  for_stretches(s, 1, [&](Index from, Index to) {
    for (Index band = first; band < s.bands_out; ++band) {
      for (Index c = 0; c < s.inputs; ++c) {
        for (Index i = 0; i < s.width; ++i) {
          weight_row(x + s.row(c, band + i) + s.ahead + from, dz + band * s.S + from,
                     s.bands_out * s.S, sums.of(i, c), to - from, s);
        }
      }
    }
  });
  for (Index row = 0; row < s.outputs * s.inputs; ++row) {
    for (Index i = 0; i < s.width; ++i) {
      for (Index l = 0; l < s.lags; ++l)
        dw[(row * s.width + i) * s.lags + l] += sums.total(i, row % s.inputs, row / s.inputs, l);
    }
  }
}

}  // namespace strffit::ops::blocks
