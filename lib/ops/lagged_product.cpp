#include "ops/lagged_product.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/cuda/lagged_batched.hpp"
#include "ops/gemm.hpp"
#include "ops/grid.hpp"
#include "ops/lagged_sizes.hpp"
#include "ops/ordered_gemm.hpp"
#include "ops/winograd.hpp"
#include "util/threads.hpp"

namespace strffit::ops {
namespace {

using Sizes = LaggedSizes;

// A product with the outputs as columns, which are several members' where they share x: those are
// worked so that no member's numbers depend on the others.
template <class T>
void product_of_outputs(const Sizes& s, int threads, bool transposed_a, std::int64_t m,
                        std::int64_t n, std::int64_t k, const T* a, std::int64_t lda, const T* b,
                        std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
  if (s.shared) {
    ordered_gemm(threads, transposed_a, m, n, k, a, lda, b, ldb, beta, c, ldc);
  } else {
    gemm(transposed_a, false, m, n, k, a, lda, b, ldb, beta, c, ldc);
  }
}

// Few outputs: z[t] = sum_l y[t - l, l] with y = x times the kernels of all lags at once, which
// reads x once, not L times. In stretches of frames that stay in the cache.
constexpr std::int64_t kFewColumns = 40;
constexpr std::int64_t kStretch = 256;

template <class T>
void forward_few(const T* x, const T* w, const T* bias, T* z, const Sizes& s) {
  const auto n = s.L * s.outputs;
  std::vector<T> by_input(static_cast<std::size_t>(n * s.inputs));  // (inputs, L, outputs)
  for (std::int64_t l = 0; l < s.L; ++l) {
    for (std::int64_t i = 0; i < s.inputs; ++i) {
      std::copy_n(w + (l * s.inputs + i) * s.outputs, s.outputs,
                  &by_input[static_cast<std::size_t>(i * n + l * s.outputs)]);
    }
  }
  for (std::int64_t t = 0; t < s.S; ++t) std::copy_n(bias, s.outputs, z + t * s.outputs);
  std::vector<T> y(static_cast<std::size_t>(kStretch * n));
  for (std::int64_t begin = 0; begin < s.S; begin += kStretch) {
    const auto rows = std::min(kStretch, s.S - begin);
    gemm(false, false, rows, n, s.inputs, x + begin * s.inputs, s.inputs, by_input.data(), n, T(0),
         y.data(), n);
    for (std::int64_t l = 0; l < s.L; ++l) {  // y row r holds frame begin + r; lag is L - 1 - l
      const auto shift = s.L - 1 - l - s.ahead;
      const auto first = std::max<std::int64_t>(0, -shift - begin);
      const auto last = std::min(rows, s.S - shift - begin);
      for (std::int64_t r = first; r < last; ++r) {
        const T* source = &y[static_cast<std::size_t>(r * n + l * s.outputs)];
        T* target = z + (begin + r + shift) * s.outputs;
        for (std::int64_t o = 0; o < s.outputs; ++o) target[o] += source[o];
      }
    }
  }
}

template <class T>
void forward_many(const T* x, const T* w, const T* bias, T* z, const Sizes& s) {
  for (std::int64_t t = 0; t < s.S; ++t) std::copy_n(bias, s.outputs, z + t * s.outputs);
  const auto inner = s.L * s.inputs;
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    // The window of frames phase .. phase + L - 1 gives the output at its last frame less `ahead`.
    const auto output = phase + s.L - 1 - s.ahead;
    product_of_outputs(s, inner_threads(), false, windows_from(phase, s), s.outputs, inner,
                       x + phase * s.inputs, inner, w, s.outputs, T(1), z + output * s.outputs,
                       s.L * s.outputs);
  }
}

template <class T>
void kernel_gradient_many(const T* x, const T* dz, T* dw, const Sizes& s) {
  const auto inner = s.L * s.inputs;
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    const auto output = phase + s.L - 1 - s.ahead;
    product_of_outputs(s, inner_threads(), true, inner, s.outputs, windows_from(phase, s),
                       x + phase * s.inputs, inner, dz + output * s.outputs, s.L * s.outputs,
                       phase == 0 ? T(0) : T(1), dw, s.outputs);
  }
}

// Where one x serves many outputs: lags by threes, g = ceil(L / 3) apart, missing ones as zeros, so
// that the outputs of four frames that are g apart make a tile (ops/winograd.hpp). A tile's d are
// runs of g frames of x, which lie side by side in memory, and its products matrix products, in
// stretches of tiles that stay in the cache.
using Tile = TileOfFour;
constexpr std::int64_t kTiles = 128;
// Stretches that one thread works at a time, and sums a gradient over: however many threads there
// are, so that their number changes no bit.
constexpr std::int64_t kStretches = 8;

struct Tiles {
  static constexpr std::int64_t kGroup = kStretches * kTiles;

  std::int64_t step, row, n;  // g; numbers of a run of x; outputs
  std::int64_t windows;       // of L frames in x, one an output frame
  std::int64_t first;         // the output frame of the first of them
  std::int64_t count;         // tiles

  explicit Tiles(const Sizes& s)
      : step((s.L + kTileWidth - 1) / kTileWidth),
        row(step * s.inputs),
        n(s.outputs),
        windows(s.S - s.L + 1),
        first(s.L - 1 - s.ahead),
        count((windows + Tile::kOutputs * step - 1) / (Tile::kOutputs * step) * step) {}

  std::int64_t groups() const { return (count + kGroup - 1) / kGroup; }

  // work(begin, end) for the stretches of tiles of a group, one after the other.
  template <class Work>
  void for_stretches(std::int64_t group, Work&& work) const {
    const auto last = std::min((group + 1) * kGroup, count);
    for (auto begin = group * kGroup; begin < last; begin += kTiles)
      work(begin, std::min(begin + kTiles, last));
  }

  // The first window of a tile; the others follow `step` frames apart.
  std::int64_t window(std::int64_t tile) const {
    return tile / step * Tile::kOutputs * step + tile % step;
  }
};

// k of the kernels (L, inputs, outputs): (kProducts, row, outputs).
template <class T>
std::vector<T> kernel_terms(const T* w, const Tiles& tiles, const Sizes& s) {
  const auto size = tiles.row * tiles.n;
  std::vector<T> terms(static_cast<std::size_t>(Tile::kProducts * size));
  for (std::int64_t i = 0; i < size; ++i) {
    T g[kTileWidth], k[Tile::kProducts];
    for (std::int64_t lag = 0; lag < kTileWidth; ++lag)
      g[lag] = lag * size + i < s.L * s.inputs * s.outputs ? w[lag * size + i] : T(0);
    Tile::kernel(g, k);
    for (std::int64_t p = 0; p < Tile::kProducts; ++p)
      terms[static_cast<std::size_t>(p * size + i)] = k[p];
  }
  return terms;
}

// u of tiles [begin, end): (kProducts, kTiles, row).
template <class T>
void input_terms(const T* x, T* terms, std::int64_t begin, std::int64_t end, const Tiles& tiles,
                 const Sizes& s) {
  constexpr auto kInputs = Tile::kOutputs + kTileWidth - 1;
  const auto row = tiles.row, term = kTiles * row;
  std::vector<T> beyond;  // the runs of a tile that reaches beyond the end
  for (auto tile = begin; tile < end; ++tile) {
    const auto t = tiles.window(tile);
    const T* runs = x + t * s.inputs;
    if (t + kInputs * tiles.step > s.S) {
      beyond.assign(static_cast<std::size_t>(kInputs * row), T(0));
      std::copy(runs, x + s.S * s.inputs, beyond.data());
      runs = beyond.data();
    }
    T* to = terms + (tile - begin) * row;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < row; ++i) {
      T d[kInputs], u[Tile::kProducts];
      for (std::int64_t k = 0; k < kInputs; ++k) d[k] = runs[k * row + i];
      Tile::input(d, u);
      for (std::int64_t p = 0; p < Tile::kProducts; ++p) to[p * term + i] = u[p];
    }
  }
}

// The outputs of one tile, from its products (kProducts, kTiles, outputs).
template <class T>
void store_outputs(const T* m, const T* bias, T* z, std::int64_t tile, const Tiles& tiles) {
  const auto n = tiles.n, window = tiles.window(tile), apart = tiles.step * n;
  const auto there =
      std::min(Tile::kOutputs, (tiles.windows - window + tiles.step - 1) / tiles.step);
  T* out = z + (tiles.first + window) * n;
  const auto store = [&](auto outputs) {
#pragma GCC ivdep
    for (std::int64_t o = 0; o < n; ++o) {
      T own[Tile::kProducts], sums[Tile::kOutputs];
      for (std::int64_t p = 0; p < Tile::kProducts; ++p) own[p] = m[p * kTiles * n + o];
      Tile::output(own, sums);
      for (std::int64_t j = 0; j < outputs; ++j) out[j * apart + o] = bias[o] + sums[j];
    }
  };
  if (there == Tile::kOutputs) {
    store(std::integral_constant<std::int64_t, Tile::kOutputs>());
  } else {
    store(there);
  }
}

template <class T>
void forward_in_tiles(const T* x, const T* w, const T* bias, T* z, const Sizes& s) {
  const Tiles tiles(s);
  const auto row = tiles.row, n = tiles.n;
  const auto factors = kernel_terms(w, tiles, s);
  const auto outside = [&](std::int64_t from, std::int64_t to) {
    for (auto t = from; t < to; ++t) std::copy_n(bias, n, z + t * n);
  };
  outside(0, tiles.first);
  outside(tiles.first + tiles.windows, s.S);
  const OneThreadAProduct guard;
  parallel_for(tiles.groups(), inner_threads(), [&](std::int64_t group) {
    std::vector<T> terms(static_cast<std::size_t>(Tile::kProducts * kTiles * row)),
        products(static_cast<std::size_t>(Tile::kProducts * kTiles * n));
    tiles.for_stretches(group, [&](std::int64_t begin, std::int64_t end) {
      input_terms(x, terms.data(), begin, end, tiles, s);
      for (std::int64_t p = 0; p < Tile::kProducts; ++p) {
        product_of_outputs(s, 1, false, end - begin, n, row, terms.data() + p * kTiles * row, row,
                           factors.data() + p * row * n, n, T(0), products.data() + p * kTiles * n,
                           n);
      }
      for (auto tile = begin; tile < end; ++tile)
        store_outputs(products.data() + (tile - begin) * n, bias, z, tile, tiles);
    });
  });
}

// Of one group of tiles, in the terms of a tile: (kProducts, row, outputs), added to `sums`.
template <class T>
void add_kernel_gradient(const T* x, const T* dz, T* sums, std::int64_t group, const Tiles& tiles,
                         const Sizes& s) {
  const auto row = tiles.row, n = tiles.n;
  std::vector<T> terms(static_cast<std::size_t>(Tile::kProducts * kTiles * row)),
      errors(static_cast<std::size_t>(Tile::kProducts * kTiles * n));
  const std::vector<T> zeros(static_cast<std::size_t>(n), T(0));
  tiles.for_stretches(group, [&](std::int64_t begin, std::int64_t end) {
    input_terms(x, terms.data(), begin, end, tiles, s);
    for (auto tile = begin; tile < end; ++tile) {
      const T* out[Tile::kOutputs];
      for (std::int64_t j = 0; j < Tile::kOutputs; ++j) {
        const auto window = tiles.window(tile) + j * tiles.step;
        out[j] = window < tiles.windows ? dz + (tiles.first + window) * n : zeros.data();
      }
      T* to = errors.data() + (tile - begin) * n;
#pragma GCC ivdep
      for (std::int64_t o = 0; o < n; ++o) {
        T own[Tile::kOutputs], m[Tile::kProducts];
        for (std::int64_t j = 0; j < Tile::kOutputs; ++j) own[j] = out[j][o];
        Tile::output_gradient(own, m);
        for (std::int64_t p = 0; p < Tile::kProducts; ++p) to[p * kTiles * n + o] = m[p];
      }
    }
    for (std::int64_t p = 0; p < Tile::kProducts; ++p) {
      product_of_outputs(s, 1, true, row, n, end - begin, terms.data() + p * kTiles * row, row,
                         errors.data() + p * kTiles * n, n, T(1), sums + p * row * n, n);
    }
  });
}

template <class T>
void kernel_gradient_in_tiles(const T* x, const T* dz, T* dw, const Sizes& s) {
  const Tiles tiles(s);
  const auto size = tiles.row * tiles.n, all = Tile::kProducts * size;
  std::vector<T> sums(static_cast<std::size_t>(tiles.groups() * all), T(0));
  const OneThreadAProduct guard;
  parallel_for(tiles.groups(), inner_threads(), [&](std::int64_t group) {
    add_kernel_gradient(x, dz, sums.data() + group * all, group, tiles, s);
  });
  for (std::int64_t i = 0; i < size; ++i) {
    T dk[Tile::kProducts] = {}, dg[kTileWidth];
    for (std::int64_t group = 0; group < tiles.groups(); ++group) {
      for (std::int64_t p = 0; p < Tile::kProducts; ++p)
        dk[p] += sums[static_cast<std::size_t>(group * all + p * size + i)];
    }
    Tile::kernel_gradient(dk, dg);
    for (std::int64_t lag = 0; lag < kTileWidth; ++lag) {
      if (lag * size + i < s.L * s.inputs * s.outputs) dw[lag * size + i] = dg[lag];
    }
  }
}

// dx[t] = sum_l dz[t + l] k_l: windows of dz into the future.
template <class T>
void input_gradient_many(const T* dz, const T* w, T* dx, const Sizes& s) {
  const auto inner = s.L * s.outputs;
  std::vector<T> newest_first(static_cast<std::size_t>(inner * s.inputs));  // (L, outputs, inputs)
  for (std::int64_t l = 0; l < s.L; ++l) {
    const T* source = w + (s.L - 1 - l) * s.inputs * s.outputs;
    T* target = &newest_first[static_cast<std::size_t>(l * s.outputs * s.inputs)];
    for (std::int64_t i = 0; i < s.inputs; ++i) {
      for (std::int64_t o = 0; o < s.outputs; ++o)
        target[o * s.inputs + i] = source[i * s.outputs + o];
    }
  }
  std::fill_n(dx, s.S * s.inputs, T(0));
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    gemm(false, false, windows_from(phase, s), s.inputs, inner, dz + phase * s.outputs, inner,
         newest_first.data(), s.inputs, T(0), dx + (phase + s.ahead) * s.inputs, s.L * s.inputs);
  }
}

// Rows [begin, begin + rows) of the windows of dz written out: d (rows, L, outputs), d[r, l] =
// dz[begin + r + lag - ahead] with lag = L - 1 - l; zero beyond the ends and, given a layout with
// windows, across their borders.
template <class T>
void expand(const T* dz, T* d, std::int64_t begin, std::int64_t rows, const Sizes& s) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t l = 0; l < s.L; ++l) {
      const auto t = begin + r + s.L - 1 - l - s.ahead;
      T* target = d + (r * s.L + l) * s.outputs;
      if (t >= 0 && t < s.S) {
        std::copy_n(dz + t * s.outputs, s.outputs, target);
      } else {
        std::fill_n(target, s.outputs, T(0));
      }
    }
  }
}

template <class T>
void cut_windows(T* d, std::int64_t begin, std::int64_t rows,
                 const std::vector<std::int64_t>& window, const Sizes& s) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t l = 0; l < s.L; ++l) {
      const auto t = begin + r + s.L - 1 - l - s.ahead;
      if (t < 0 || t >= s.S ||
          window[static_cast<std::size_t>(t)] != window[static_cast<std::size_t>(begin + r)]) {
        std::fill_n(d + (r * s.L + l) * s.outputs, s.outputs, T(0));
      }
    }
  }
}

// Gradients by way of the written-out windows of dz. dw or dx may be null.
template <class T>
void gradients_expanded(const T* x, const T* w, const T* dz, T* dw, T* dx, const Layout& layout,
                        const Sizes& s) {
  const auto n = s.L * s.outputs;
  const auto window = layout.window > 0 ? window_numbers(layout) : std::vector<std::int64_t>();
  std::vector<T> d(static_cast<std::size_t>(kStretch * n)),
      by_output(static_cast<std::size_t>(n * s.inputs));
  std::vector<T> sum(dw ? static_cast<std::size_t>(n * s.inputs) : 0,
                     T(0));  // (inputs, L, outputs)
  for (std::int64_t l = 0; l < s.L; ++l) {
    for (std::int64_t i = 0; i < s.inputs; ++i) {
      for (std::int64_t o = 0; o < s.outputs; ++o) {
        by_output[static_cast<std::size_t>((l * s.outputs + o) * s.inputs + i)] =
            w[(l * s.inputs + i) * s.outputs + o];
      }
    }
  }
  for (std::int64_t begin = 0; begin < s.S; begin += kStretch) {
    const auto rows = std::min(kStretch, s.S - begin);
    expand(dz, d.data(), begin, rows, s);
    if (dw) {
      product_of_outputs(s, inner_threads(), true, s.inputs, n, rows, x + begin * s.inputs,
                         s.inputs, d.data(), n, T(1), sum.data(), n);
    }
    if (dx) {
      if (layout.window > 0) cut_windows(d.data(), begin, rows, window, s);
      gemm(false, false, rows, s.inputs, n, d.data(), n, by_output.data(), s.inputs, T(0),
           dx + begin * s.inputs, s.inputs);
    }
  }
  if (dw) {
    for (std::int64_t l = 0; l < s.L; ++l) {
      for (std::int64_t i = 0; i < s.inputs; ++i) {
        std::copy_n(&sum[static_cast<std::size_t>(i * n + l * s.outputs)], s.outputs,
                    dw + (l * s.inputs + i) * s.outputs);
      }
    }
  }
}

}  // namespace

at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead, bool own_input) {
  if (!x.is_cpu()) return batched::lagged_product(x, kernel, bias, layout, ahead, own_input);
  const Sizes s(x, kernel, *layout, ahead, own_input);
  const auto K = kernel.size(1), L = s.L;
  const auto input = x.detach().contiguous(), weight = oldest_lag_first(kernel.detach(), s);
  const auto offset = bias.detach().contiguous();
  auto z = empty_signal({s.blocks, s.S, s.outputs}, x.options());
  const bool few = !s.shared && L * K <= kFewColumns;
  // By the outputs of one member, so that its numbers do not depend on its company.
  const bool in_tiles = L >= 3 && K >= 16;
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "lagged_product", [&] {
    for (std::int64_t b = 0; b < s.blocks; ++b) {
      (few ? forward_few<scalar_t>
       : in_tiles
           ? forward_in_tiles<scalar_t>
           : forward_many<scalar_t>)(input.data_ptr<scalar_t>() + b * s.S * s.inputs,
                                     weight.data_ptr<scalar_t>() + b * L * s.inputs * s.outputs,
                                     offset.data_ptr<scalar_t>() + b * s.outputs,
                                     z.data_ptr<scalar_t>() + b * s.S * s.outputs, s);
    }
  });
  const bool need_x = x.requires_grad(), need_kernel = kernel.requires_grad();
  const auto backward = [=, kernel = kernel.detach()](const at::Tensor& gradient) {
    const auto dz = by_block(gradient, s);
    auto dx = need_x ? empty_signal(input.sizes(), input.options()) : at::Tensor();
    auto dw = need_kernel ? at::empty_like(weight) : at::Tensor();
    const bool expanded = few || layout->window > 0;
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "lagged_product_backward", [&] {
      for (std::int64_t b = 0; b < s.blocks; ++b) {
        const auto* in = input.data_ptr<scalar_t>() + b * s.S * s.inputs;
        const auto* w = weight.data_ptr<scalar_t>() + b * L * s.inputs * s.outputs;
        const auto* out = dz.data_ptr<scalar_t>() + b * s.S * s.outputs;
        auto* to_kernel =
            dw.defined() ? dw.data_ptr<scalar_t>() + b * L * s.inputs * s.outputs : nullptr;
        auto* to_input = dx.defined() ? dx.data_ptr<scalar_t>() + b * s.S * s.inputs : nullptr;
        if (expanded) {
          gradients_expanded(in, w, out, to_kernel, to_input, *layout, s);
        } else {
          if (to_kernel) {
            (in_tiles ? kernel_gradient_in_tiles<scalar_t>
                      : kernel_gradient_many<scalar_t>)(in, out, to_kernel, s);
          }
          if (to_input) input_gradient_many(out, w, to_input, s);
        }
      }
    });
    return std::vector<at::Tensor>{dx, dw.defined() ? in_order_of(kernel, dw, s) : dw,
                                   sum_over_frames(gradient)};
  };
  return with_backward(by_member(z, kernel, s), {x, kernel, bias}, backward);
}

namespace plain {

at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead) {
  const auto M = kernel.size(0), K = kernel.size(1), L = kernel.size(4), S = layout->total;
  auto z = bias.unsqueeze(1).expand({M, S, K});
  for (std::int64_t lag = 0; lag < L; ++lag) {
    const auto weight = kernel.select(4, lag).reshape({M, K, -1}).transpose(1, 2);  // (M, C F, K)
    const auto by_frame = at::matmul(x, weight);
    const auto shift = lag - ahead;  // output frame t takes input frame t - shift
    z = z + (shift >= 0
                 ? at::constant_pad_nd(by_frame.narrow(1, 0, S - shift), {0, 0, shift, 0})
                 : at::constant_pad_nd(by_frame.narrow(1, -shift, S + shift), {0, 0, 0, -shift}));
  }
  return z;
}

}  // namespace plain
}  // namespace strffit::ops
