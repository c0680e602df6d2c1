#include "ops/lagged_product.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/cuda/lagged_batched.hpp"
#include "ops/fetch.hpp"
#include "ops/gemm.hpp"
#include "ops/grid.hpp"
#include "ops/lagged_sizes.hpp"
#include "ops/ordered_gemm.hpp"
#include "ops/winograd.hpp"
#include "util/threads.hpp"

namespace strffit::ops {
namespace {

using Sizes = LaggedSizes;

// A product with the outputs as columns. If members share x, the columns belong to several members,
// whose numbers must not depend on each other.
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

// For few outputs: z[t] = sum_l y[t - l, l] with y = x times the kernels of all lags in one
// product, which reads x once, not L times. Stretches of frames stay in the cache.
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
    // The window of frames phase .. phase + L - 1 gives the output at its last frame minus `ahead`.
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

// For many outputs: Winograd's algorithm (ops/winograd.hpp). Lags are grouped in threes, `step` =
// ceil(L / 3) apart, with zeros for missing ones, so that a tile gives the outputs of four frames
// `step` apart. The inputs d of a tile are runs of `step` frames of x, contiguous in memory, and
// its products are matrix products. The tiles of `step` neighbouring frames form a set; their
// inputs overlap and are transformed once. Sets form stretches that stay in the cache.
using Tile = TileOfFour;
// Depends on the outputs of one member only, as rounding must not depend on other members.
bool in_tiles(const Sizes& s) { return s.L >= 3 && s.of_member >= 16; }
constexpr std::int64_t kSets = 32;
// Stretches per group: a thread works on one group at a time and sums its gradient. Independent of
// the number of threads, which therefore changes no bit.
constexpr std::int64_t kStretches = 12;

template <class T>
struct Tiles {
  std::int64_t inputs, frames;  // of x
  std::int64_t step, row;       // row: numbers in a run
  std::int64_t windows;         // of L frames in x, one per output frame
  std::int64_t first;           // output frame of the first window
  std::int64_t sets;
  std::int64_t terms;  // per set and product, in whole registers
  Panels<T> panels;    // of the outputs
  std::int64_t n;      // outputs

  explicit Tiles(const Sizes& s)
      : inputs(s.inputs),
        frames(s.S),
        step((s.L + kTileWidth - 1) / kTileWidth),
        row(step * s.inputs),
        windows(s.S - s.L + 1),
        first(s.L - 1 - s.ahead),
        sets((windows + Tile::kOutputs * step - 1) / (Tile::kOutputs * step)),
        terms(((2 * step - 1) * s.inputs + Panels<T>::kLanes - 1) / Panels<T>::kLanes *
              Panels<T>::kLanes),
        panels(s.outputs),
        n(s.outputs) {}

  std::int64_t groups() const { return (sets + kStretches * kSets - 1) / (kStretches * kSets); }
  static constexpr std::int64_t kApart = 5 * Panels<T>::kLanes;
  // Numbers of one product: transformed input of a stretch, and transformed kernel in panels.
  std::int64_t input_size() const { return kSets * terms + kApart; }
  std::int64_t kernel_size() const { return row * panels.padded(); }
  // Numbers of a stretch's tiles in a panel: for each frame of the sets, tile after tile.
  std::int64_t tiles_size(std::int64_t width) const { return step * kSets * width + kApart; }

  // Calls work(begin, end) for the stretches of sets in a group, one after the other.
  template <class Work>
  void for_stretches(std::int64_t group, Work&& work) const {
    const auto last = std::min((group + 1) * kStretches * kSets, sets);
    for (auto begin = group * kStretches * kSets; begin < last; begin += kSets)
      work(begin, std::min(begin + kSets, last));
  }

  // First window of a tile of a set; the others follow `step` frames apart.
  std::int64_t window(std::int64_t set, std::int64_t tile) const {
    return set * Tile::kOutputs * step + tile;
  }
};

template <class T>
std::vector<T> zeros(std::int64_t numbers) {
  return std::vector<T>(static_cast<std::size_t>(numbers), T(0));
}

// Transformed kernels k of w (L, inputs, outputs): (kProducts, panels: (row, width)).
template <class T>
std::vector<T> kernel_terms(const T* w, const Tiles<T>& tiles, const Sizes& s) {
  const auto n = tiles.n, size = tiles.row * n, all = s.L * s.inputs * n;
  auto terms = zeros<T>(Tile::kProducts * tiles.kernel_size());
  for (std::int64_t panel = 0; panel < tiles.panels.count(); ++panel) {
    const auto begin = tiles.panels.first(panel), width = tiles.panels.width(panel),
               there = std::min(width, n - begin);
    for (std::int64_t i = 0; i < tiles.row; ++i) {
      T* to = terms.data() + tiles.row * begin + i * width;
      const T* from = w + i * n + begin;
      const bool last = 2 * size + i * n < all;  // the third lag exists
      const bool second = size + i * n < all;
#pragma GCC ivdep
      for (std::int64_t o = 0; o < there; ++o) {
        const T g[kTileWidth] = {from[o], second ? from[size + o] : T(0),
                                 last ? from[2 * size + o] : T(0)};
        T k[Tile::kProducts];
        Tile::kernel(g, k);
        for (std::int64_t p = 0; p < Tile::kProducts; ++p) to[p * tiles.kernel_size() + o] = k[p];
      }
    }
  }
  return terms;
}

// Sets to prefetch ahead; fetch_before prefetches up to `end`.
constexpr std::int64_t kAhead = 4;
template <class T>
void fetch_before(const T* end, const T* from, std::int64_t count) {
  fetch(from, std::min<std::int64_t>(count, end - from));
}

// Transformed input u of sets [begin, end): (kProducts, kSets, terms).
template <class T>
void input_terms(const T* x, T* terms, std::int64_t begin, std::int64_t end,
                 const Tiles<T>& tiles) {
  constexpr auto kInputs = Tile::kOutputs + kTileWidth - 1;
  const auto row = tiles.row, size = tiles.input_size(), numbers = tiles.terms;
  std::vector<T> beyond;  // runs of a set that extends beyond the end
  for (auto set = begin; set < end; ++set) {
    const auto t = tiles.window(set, 0) * tiles.inputs, all = tiles.frames * tiles.inputs,
               needed = (kInputs - 1) * row + numbers;
    const T* runs = x + t;
    if (t + needed > all) {
      beyond.assign(static_cast<std::size_t>(needed), T(0));
      std::copy(runs, x + all, beyond.data());
      runs = beyond.data();
    }
    fetch_before(x + all, x + t + kAhead * Tile::kOutputs * row, Tile::kOutputs * row);
    T* to = terms + (set - begin) * numbers;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < numbers; ++i) {
      T d[kInputs], u[Tile::kProducts];
      for (std::int64_t k = 0; k < kInputs; ++k) d[k] = runs[k * row + i];
      Tile::input(d, u);
      for (std::int64_t p = 0; p < Tile::kProducts; ++p) to[p * size + i] = u[p];
    }
  }
}

// Computes the outputs of one tile from its products, which are `apart` numbers apart.
template <class T>
void store_outputs(const T* m, std::int64_t apart, const T* bias, T* z, std::int64_t window,
                   const Tiles<T>& tiles) {
  const auto n = tiles.n, next = tiles.step * n;
  const auto there =
      std::min(Tile::kOutputs, (tiles.windows - window + tiles.step - 1) / tiles.step);
  T* out = z + (tiles.first + window) * n;
  const auto store = [&](auto outputs) {
#pragma GCC ivdep
    for (std::int64_t o = 0; o < n; ++o) {
      T own[Tile::kProducts], sums[Tile::kOutputs];
      for (std::int64_t p = 0; p < Tile::kProducts; ++p) own[p] = m[p * apart + o];
      Tile::output(own, sums);
      for (std::int64_t j = 0; j < outputs; ++j) out[j * next + o] = bias[o] + sums[j];
    }
  };
  if (there == Tile::kOutputs) {
    store(std::integral_constant<std::int64_t, Tile::kOutputs>());
  } else {
    store(there);
  }
}

// Prefetches part p of kProducts of the outputs of sets [begin, end), while products are computed.
template <class T>
void fetch_outputs(const T* z, std::int64_t begin, std::int64_t end, std::int64_t p,
                   const Tiles<T>& tiles) {
  const auto first = tiles.window(begin, 0),
             size = (std::min(tiles.window(end, 0), tiles.windows) - first) * tiles.n,
             from = size * p / Tile::kProducts;
  fetch<For::writing>(z + (tiles.first + first) * tiles.n + from,
                      size * (p + 1) / Tile::kProducts - from);
}

template <class T>
void forward_in_tiles(const T* x, const T* w, const T* bias, T* z, const Sizes& s) {
  const Tiles<T> tiles(s);
  const auto n = tiles.n;
  const auto factors = kernel_terms(w, tiles, s);
  const auto outside = [&](std::int64_t from, std::int64_t to) {
    for (auto t = from; t < to; ++t) std::copy_n(bias, n, z + t * n);
  };
  outside(0, tiles.first);
  outside(tiles.first + tiles.windows, s.S);
  parallel_for(tiles.groups(), inner_threads(), [&](std::int64_t group) {
    const auto padded = tiles.panels.padded(), size = tiles.tiles_size(padded);
    auto terms = zeros<T>(Tile::kProducts * tiles.input_size()),
         products = zeros<T>(Tile::kProducts * size);
    tiles.for_stretches(group, [&](std::int64_t begin, std::int64_t end) {
      input_terms(x, terms.data(), begin, end, tiles);
      for (std::int64_t p = 0; p < Tile::kProducts; ++p) {
        fetch_outputs(z, begin, end, p, tiles);
        for (std::int64_t panel = 0; panel < tiles.panels.count(); ++panel) {
          const auto first = tiles.panels.first(panel), width = tiles.panels.width(panel);
          for (std::int64_t tile = 0; tile < tiles.step; ++tile) {
            multiply_panel<T>(
                end - begin,
                {terms.data() + p * tiles.input_size() + tile * s.inputs, 1, 0, tiles.terms,
                 tiles.row, 1, factors.data() + p * tiles.kernel_size() + tiles.row * first, width,
                 products.data() + p * size + tile * kSets * padded + first, padded, width, false});
          }
        }
      }
      for (auto set = begin; set < end; ++set) {
        for (std::int64_t tile = 0; tile < tiles.step; ++tile) {
          const auto window = tiles.window(set, tile);
          if (window >= tiles.windows) continue;
          store_outputs(products.data() + (tile * kSets + set - begin) * padded, size, bias, z,
                        window, tiles);
        }
      }
    });
  });
}

// Gradients of a tile's products in a panel from those of its outputs, `apart` numbers apart. The
// rest of the panel's last register must be zero already.
template <class T>
void output_errors(const T* dz, T* m, std::int64_t apart, std::int64_t window, std::int64_t panel,
                   const T* nothing, const Tiles<T>& tiles) {
  const auto begin = tiles.panels.first(panel),
             width = std::min(tiles.panels.width(panel), tiles.n - begin);
  const T* out[Tile::kOutputs];
  for (std::int64_t j = 0; j < Tile::kOutputs; ++j) {
    const auto t = window + j * tiles.step;
    out[j] = t < tiles.windows ? dz + (tiles.first + t) * tiles.n + begin : nothing;
  }
#pragma GCC ivdep
  for (std::int64_t o = 0; o < width; ++o) {
    const T own[Tile::kOutputs] = {out[0][o], out[1][o], out[2][o], out[3][o]};
    T errors[Tile::kProducts];
    Tile::output_gradient(own, errors);
    for (std::int64_t p = 0; p < Tile::kProducts; ++p) m[p * apart + o] = errors[p];
  }
}

// Adds a group's gradient, in transformed form (kProducts, row, padded outputs), to `sums`.
template <class T>
void add_kernel_gradient(const T* x, const T* dz, T* sums, std::int64_t group,
                         const Tiles<T>& tiles) {
  auto terms = zeros<T>(Tile::kProducts * tiles.input_size());
  const auto nothing = zeros<T>(tiles.panels.padded());
  std::vector<std::vector<T>> errors;  // per panel (kProducts, step, kSets, width)
  for (std::int64_t panel = 0; panel < tiles.panels.count(); ++panel)
    errors.push_back(zeros<T>(Tile::kProducts * tiles.tiles_size(tiles.panels.width(panel))));
  tiles.for_stretches(group, [&](std::int64_t begin, std::int64_t end) {
    input_terms(x, terms.data(), begin, end, tiles);
    const auto count = end - begin;
    for (auto set = begin; set < end; ++set) {
      fetch_before(dz + tiles.frames * tiles.n,
                   dz + (tiles.first + tiles.window(set + kAhead, 0)) * tiles.n,
                   Tile::kOutputs * tiles.step * tiles.n);
      for (std::int64_t tile = 0; tile < tiles.step; ++tile) {
        for (std::int64_t panel = 0; panel < tiles.panels.count(); ++panel) {
          const auto width = tiles.panels.width(panel);
          output_errors(
              dz,
              errors[static_cast<std::size_t>(panel)].data() + (tile * count + set - begin) * width,
              tiles.tiles_size(width), tiles.window(set, tile), panel, nothing.data(), tiles);
        }
      }
    }
    for (std::int64_t panel = 0; panel < tiles.panels.count(); ++panel) {
      const auto width = tiles.panels.width(panel), first = tiles.panels.first(panel);
      for (std::int64_t p = 0; p < Tile::kProducts; ++p) {
        multiply_panel<T>(
            tiles.row,
            {terms.data() + p * tiles.input_size(), tiles.step, tiles.inputs, 1, count, tiles.terms,
             errors[static_cast<std::size_t>(panel)].data() + p * tiles.tiles_size(width), width,
             sums + p * tiles.kernel_size() + first, tiles.panels.padded(), width, true});
      }
    }
  });
}

template <class T>
void kernel_gradient_in_tiles(const T* x, const T* dz, T* dw, const Sizes& s) {
  const Tiles<T> tiles(s);
  const auto n = tiles.n, padded = tiles.panels.padded(), size = tiles.kernel_size(),
             all = Tile::kProducts * size;
  auto sums = zeros<T>(tiles.groups() * all);
  parallel_for(tiles.groups(), inner_threads(), [&](std::int64_t group) {
    add_kernel_gradient(x, dz, sums.data() + group * all, group, tiles);
  });
  for (std::int64_t group = 1; group < tiles.groups(); ++group) {
    for (std::int64_t i = 0; i < all; ++i)
      sums[static_cast<std::size_t>(i)] += sums[static_cast<std::size_t>(group * all + i)];
  }
  const auto apart = tiles.row * n;  // between two lags
  for (std::int64_t i = 0; i < tiles.row; ++i) {
    const T* from = sums.data() + i * padded;
    T* to = dw + i * n;
    const auto store = [&](auto lags) {
#pragma GCC ivdep
      for (std::int64_t o = 0; o < n; ++o) {
        T dk[Tile::kProducts], dg[kTileWidth];
        for (std::int64_t p = 0; p < Tile::kProducts; ++p) dk[p] = from[p * size + o];
        Tile::kernel_gradient(dk, dg);
        for (std::int64_t lag = 0; lag < lags; ++lag) to[lag * apart + o] = dg[lag];
      }
    };
    const auto lags = (s.L * s.inputs - i + tiles.row - 1) / tiles.row;  // number of existing lags
    if (lags >= kTileWidth) {
      store(std::integral_constant<std::int64_t, kTileWidth>());
    } else {
      store(lags);
    }
  }
}

template <class T>
void forward(const T* x, const T* w, const T* bias, T* z, const Sizes& s) {
  (in_tiles(s) ? forward_in_tiles<T> : forward_many<T>)(x, w, bias, z, s);
}

// dx[t] = sum_l dz[t + l - ahead] k_l: a lagged product of dz with reversed kernels.
template <class T>
void lagged_input_gradient(const T* dz, const T* w, T* dx, const Sizes& s) {
  auto newest_first = zeros<T>(s.L * s.outputs * s.inputs);  // (L, outputs, inputs)
  for (std::int64_t l = 0; l < s.L; ++l) {
    const T* source = w + (s.L - 1 - l) * s.inputs * s.outputs;
    T* target = newest_first.data() + l * s.outputs * s.inputs;
    for (std::int64_t i = 0; i < s.inputs; ++i) {
      for (std::int64_t o = 0; o < s.outputs; ++o)
        target[o * s.inputs + i] = source[i * s.outputs + o];
    }
  }
  auto back = s;
  back.shared = false;
  back.inputs = s.outputs;
  back.outputs = back.of_member = s.inputs;
  back.ahead = s.L - 1 - s.ahead;
  forward(dz, newest_first.data(), zeros<T>(s.inputs).data(), dx, back);
}

// Writes out rows [begin, begin + rows) of the windows of dz: d (rows, L, outputs), d[r, l] =
// dz[begin + r + lag - ahead] with lag = L - 1 - l; zero beyond the ends. cut_windows sets terms
// across the borders of a layout's windows to zero.
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

// Gradients from written-out windows of dz. dw or dx may be null.
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
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "lagged_product", [&] {
    for (std::int64_t b = 0; b < s.blocks; ++b) {
      (few ? forward_few<scalar_t>
           : forward<scalar_t>)(input.data_ptr<scalar_t>() + b * s.S * s.inputs,
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
            (in_tiles(s) ? kernel_gradient_in_tiles<scalar_t>
                         : kernel_gradient_many<scalar_t>)(in, out, to_kernel, s);
          }
          if (to_input) lagged_input_gradient(out, w, to_input, s);
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
    const auto shift = lag - ahead;  // output frame t uses input frame t - shift
    z = z + (shift >= 0
                 ? at::constant_pad_nd(by_frame.narrow(1, 0, S - shift), {0, 0, shift, 0})
                 : at::constant_pad_nd(by_frame.narrow(1, -shift, S + shift), {0, 0, 0, -shift}));
  }
  return z;
}

}  // namespace plain
}  // namespace strffit::ops
