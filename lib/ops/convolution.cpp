#include "ops/convolution.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "ops/grid.hpp"
#include "util/errors.hpp"
#include "util/threads.hpp"

namespace strffit::ops {
namespace {

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

// One member's convolution. Frames [begin, end) of the output are worked.
struct Sizes {
  Index inputs, outputs, bands_in, bands_out, width, lags, ahead, S, begin, end;
};

// Frames that stay in the cache with all channels and bands of a kernel.
constexpr Index kStretch = 1024;
constexpr Index kMostOutputs = 12;  // worked at once

// n output channels of one band, `vectors` registers of frames from t on, of which the first `done`
// are worked already. w: (C, K_f, K_t, K_out).
template <Index n, Index vectors, class T>
void forward_block(const T* x, const T* w, T* z, Index band, Index t, Index done, const Sizes& s) {
  using V = Simd<T>;
  typename V::Vector sum[n][vectors];
  for (Index o = 0; o < n; ++o) {
    for (Index v = 0; v < vectors; ++v)
      sum[o][v] = V::load(z + (o * s.bands_out + band) * s.S + t + v * V::kWidth);
  }
  for (Index c = 0; c < s.inputs; ++c) {
    for (Index i = 0; i < s.width; ++i) {
      const T* row = x + (c * s.bands_in + band + i) * s.S + t + s.ahead;
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
void forward_band(const T* x, const T* w, T* z, Index band, Index from, Index to, const Sizes& s) {
  constexpr Index kVectors = 2 * n + 3 <= kRegisters ? 2 : 1, kWidth = Simd<T>::kWidth;
  Index t = from;
  for (; t + kVectors * kWidth <= to; t += kVectors * kWidth)
    forward_block<n, kVectors>(x, w, z, band, t, 0, s);
  for (; t + kWidth <= to; t += kWidth) forward_block<n, 1>(x, w, z, band, t, 0, s);
  if (t < to && to - kWidth >= from) {
    forward_block<n, 1>(x, w, z, band, to - kWidth, t - (to - kWidth), s);
    return;
  }
  for (; t < to; ++t) {
    for (Index o = 0; o < n; ++o) {
      T sum = z[(o * s.bands_out + band) * s.S + t];
      for (Index c = 0; c < s.inputs; ++c) {
        for (Index i = 0; i < s.width; ++i) {
          const T* row = x + (c * s.bands_in + band + i) * s.S + t + s.ahead;
          const T* weights = w + (c * s.width + i) * s.lags * s.outputs + o;
          for (Index l = 0; l < s.lags; ++l) sum += weights[l * s.outputs] * row[-l];
        }
      }
      z[(o * s.bands_out + band) * s.S + t] = sum;
    }
  }
}

template <class T, Index... n>
auto forward_bands(std::integer_sequence<Index, n...>) {
  using Band = void (*)(const T*, const T*, T*, Index, Index, Index, const Sizes&);
  return std::array<Band, sizeof...(n)>{forward_band<n + 1, T>...};
}

// Adds the convolution to z, whose values are there already.
template <class T>
void add_convolution(const T* x, const T* w, T* z, const Sizes& s) {
  static const auto by_count = forward_bands<T>(std::make_integer_sequence<Index, kMostOutputs>());
  // As even as can be: 14 channels are 7 and 7.
  const Index groups = (s.outputs + kMostOutputs - 1) / kMostOutputs;
  parallel_for(s.bands_out, inner_threads(), [&](Index band) {
    for (Index from = s.begin; from < s.end; from += kStretch) {
      const Index to = std::min(from + kStretch, s.end);
      for (Index group = 0, first = 0; group < groups; ++group) {
        const Index last = (group + 1) * s.outputs / groups;
        by_count[static_cast<std::size_t>(last - first - 1)](
            x, w + first, z + first * s.bands_out * s.S, band, from, to, s);
        first = last;
      }
    }
  });
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

template <class T>
void weight_gradient(const T* x, const T* dz, T* dw, const Sizes& s) {
  using Vector = typename Simd<T>::Vector;
  constexpr Index kLags = kRegisters >= 32 ? 9 : 3, kOutputs = kRegisters >= 32 ? 2 : 3;
  const Index per_output = s.inputs * s.width * s.lags;
  std::vector<Vector> sums(static_cast<std::size_t>(s.outputs * per_output), Vector{});
  const auto step_of = [&](Index c, Index i) { return (c * s.width + i) * s.lags; };
  parallel_for(s.inputs, inner_threads(), [&](Index c) {
    for (Index from = s.begin; from < s.end; from += kStretch) {
      const Index to = std::min(from + kStretch, s.end);
      for (Index band = 0; band < s.bands_out; ++band) {
        for (Index i = 0; i < s.width; ++i) {
          const T* row = x + (c * s.bands_in + band + i) * s.S + s.ahead;
          for (Index l = 0; l < s.lags;) {
            const bool many = s.lags - l >= kLags;
            for (Index o = 0; o < s.outputs;) {
              const T* out = dz + (o * s.bands_out + band) * s.S;
              Vector* to_sums = &sums[static_cast<std::size_t>(o * per_output + step_of(c, i) + l)];
              const Index plane = s.bands_out * s.S;
              const bool several = s.outputs - o >= kOutputs;
              if (many && several) {
                weight_block<kOutputs, kLags>(row - l, out, plane, to_sums, per_output, from, to);
              } else if (many) {
                weight_block<1, kLags>(row - l, out, plane, to_sums, per_output, from, to);
              } else if (several) {
                weight_block<kOutputs, 1>(row - l, out, plane, to_sums, per_output, from, to);
              } else {
                weight_block<1, 1>(row - l, out, plane, to_sums, per_output, from, to);
              }
              o += several ? kOutputs : 1;
            }
            l += many ? kLags : 1;
          }
        }
      }
    }
  });
  for (std::size_t k = 0; k < sums.size(); ++k) {
    T sum = 0;
    for (Index j = 0; j < Simd<T>::kWidth; ++j) sum += sums[k][j];
    dw[k] = sum;
  }
}

// The convolution whose result is the gradient of x: channels exchanged, kernel turned around, dz
// with K_f - 1 empty bands on both sides.
template <class T>
void input_gradient(const T* dz, const at::Tensor& weight, T* dx, const Sizes& s,
                    const Layout& layout) {
  // (K_out, K_f, K_t, C), turned around
  const auto turned = weight.flip({2, 3}).permute({0, 2, 3, 1}).contiguous();
  const Index edge = s.width - 1, bands = s.bands_out + 2 * edge;
  Sizes back{s.outputs, s.inputs, bands, s.bands_in, s.width, s.lags, s.lags - 1 - s.ahead,
             s.S,       s.begin,  s.end};
  std::vector<T> padded(static_cast<std::size_t>(s.outputs * bands * s.S), T(0));
  const auto rows = [&](Index o) { return padded.data() + (o * bands + edge) * s.S; };
  std::fill_n(dx, s.inputs * s.bands_in * s.S, T(0));
  if (layout.window == 0) {
    for (Index o = 0; o < s.outputs; ++o)
      std::copy_n(dz + o * s.bands_out * s.S, s.bands_out * s.S, rows(o));
    add_convolution(padded.data(), turned.template data_ptr<T>(), dx, back);
    return;
  }
  // Lag by lag, without what would cross a window's border.
  const auto numbers = window_numbers(layout);
  for (Index l = 0; l < s.lags; ++l) {
    const Index shift = l - s.ahead;  // x at t meets dz at t + shift
    const auto one = turned.narrow(2, s.lags - 1 - l, 1).contiguous();
    for (Index o = 0; o < s.outputs; ++o) {
      for (Index band = 0; band < s.bands_out; ++band) {
        const T* from = dz + (o * s.bands_out + band) * s.S;
        T* to = rows(o) + band * s.S;
        for (Index t = s.begin; t < s.end; ++t) {
          const auto here = static_cast<std::size_t>(t),
                     there = static_cast<std::size_t>(t + shift);
          to[t] = numbers[here] == numbers[there] ? from[t + shift] : T(0);
        }
      }
    }
    back.lags = 1;
    back.ahead = 0;
    add_convolution(padded.data(), one.template data_ptr<T>(), dx, back);
  }
}

}  // namespace

LayoutPtr stacked(const Layout& layout, std::int64_t planes) {
  auto all = std::make_shared<Layout>(layout);
  for (std::int64_t plane = 1; plane < planes; ++plane) {
    for (const auto& segment : layout.segments) {
      all->segments.push_back({plane * layout.total + segment.begin, segment.frames});
    }
  }
  all->total = planes * layout.total;
  all->frames = planes * layout.frames;
  return all;
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const LayoutPtr& layout, std::int64_t ahead) {
  if (!x.is_cpu()) return plain::convolution(x, weight, bias, layout, ahead);
  const auto M = weight.size(0);
  const Sizes s{weight.size(2), weight.size(1),
                x.size(2),      x.size(2) - weight.size(3) + 1,
                weight.size(3), weight.size(4),
                ahead,          x.size(3),
                layout->gap,    layout->total - layout->gap};
  if (layout->gap < s.lags - 1 || s.S != layout->total || s.inputs != x.size(1) ||
      s.bands_out < 1 || (x.size(0) != M && x.size(0) != 1)) {
    throw Bug("convolution: signal, kernel and layout do not fit");
  }
  const auto input = x.detach().contiguous(), w = weight.detach().contiguous();
  // (M, C, K_f, K_t, K_out)
  const auto packed = w.permute({0, 2, 3, 4, 1}).contiguous();
  auto z = bias.detach()
               .view({M, s.outputs, 1, 1})
               .expand({M, s.outputs, s.bands_out, s.S})
               .contiguous();
  const bool shared = input.size(0) == 1;
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "convolution", [&] {
    for (Index m = 0; m < M; ++m) {
      add_convolution(input[shared ? 0 : m].data_ptr<scalar_t>(), packed[m].data_ptr<scalar_t>(),
                      z[m].data_ptr<scalar_t>(), s);
    }
  });
  const bool need_x = x.requires_grad(), need_weight = weight.requires_grad();
  return with_backward(z, {x, weight, bias}, [=](const at::Tensor& gradient) {
    const auto dz = gradient.contiguous();
    auto dw = need_weight ? at::empty_like(w) : at::Tensor();
    auto dx = need_x ? at::empty({M, s.inputs, s.bands_in, s.S}, input.options()) : at::Tensor();
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "convolution_backward", [&] {
      for (Index m = 0; m < M; ++m) {
        const auto* out = dz[m].data_ptr<scalar_t>();
        if (need_weight) {
          weight_gradient(input[shared ? 0 : m].data_ptr<scalar_t>(), out,
                          dw[m].data_ptr<scalar_t>(), s);
        }
        if (need_x) input_gradient(out, w[m], dx[m].data_ptr<scalar_t>(), s, *layout);
      }
    });
    if (need_x && shared && M > 1) dx = dx.sum(0, true);
    return std::vector<at::Tensor>{dx, dw, dz.sum(at::IntArrayRef{2, 3})};
  });
}

at::Tensor dense_of_planar(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!x.is_cpu()) return plain::dense_of_planar(x, weight, bias);
  const auto input = x.detach().contiguous(), w = weight.detach().contiguous();
  const auto M = w.size(0), N = w.size(1), K = w.size(2), S = input.size(2);
  auto r = bias.detach().unsqueeze(1).expand({M, S, N}).contiguous();
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "dense_of_planar", [&] {
    for (Index m = 0; m < M; ++m) {
      gemm(true, true, S, N, K, input.data_ptr<scalar_t>() + m * K * S, S,
           w.data_ptr<scalar_t>() + m * N * K, K, scalar_t(1), r.data_ptr<scalar_t>() + m * S * N,
           N);
    }
  });
  return with_backward(r, {x, weight, bias}, [=](const at::Tensor& gradient) {
    const auto g = gradient.contiguous();
    auto dx = at::empty_like(input), dw = at::empty_like(w);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "dense_of_planar_backward", [&] {
      for (Index m = 0; m < M; ++m) {
        const auto* out = g.data_ptr<scalar_t>() + m * S * N;
        gemm(true, true, N, K, S, out, N, input.data_ptr<scalar_t>() + m * K * S, S, scalar_t(0),
             dw.data_ptr<scalar_t>() + m * N * K, K);
        gemm(true, true, K, S, N, w.data_ptr<scalar_t>() + m * N * K, K, out, N, scalar_t(0),
             dx.data_ptr<scalar_t>() + m * K * S, S);
      }
    });
    return std::vector<at::Tensor>{dx, dw, sum_over_frames(g)};
  });
}

namespace plain {

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const LayoutPtr&, std::int64_t ahead) {
  const auto M = weight.size(0), outputs = weight.size(1), inputs = weight.size(2),
             lags = weight.size(4);
  // All members as groups of one convolution.
  const auto signal =
      x.expand({M, inputs, x.size(2), x.size(3)}).reshape({1, M * inputs, x.size(2), x.size(3)});
  const auto padded = at::constant_pad_nd(signal, {lags - 1 - ahead, ahead});
  const auto kernels = weight.flip(4).reshape({M * outputs, inputs, weight.size(3), lags});
  const auto z = at::conv2d(padded, kernels, bias.reshape({M * outputs}), at::IntArrayRef{1, 1},
                            at::IntArrayRef{0, 0}, at::IntArrayRef{1, 1}, M);
  return z.view({M, outputs, z.size(2), z.size(3)});
}

at::Tensor dense_of_planar(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::matmul(weight, x).transpose(1, 2) + bias.unsqueeze(1);
}

}  // namespace plain
}  // namespace strffit::ops
