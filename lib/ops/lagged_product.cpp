#include "ops/lagged_product.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "ops/grid.hpp"
#include "util/errors.hpp"

namespace strffit::ops {
namespace {

// Sizes of one product. A block is a member, or all members at once where they share x.
struct Sizes {
  std::int64_t blocks, S, inputs, outputs, L,
      ahead;  // inputs C F, outputs K (times M where shared)
};

// Kernels (M, K, C, F, L) -> (blocks, L, inputs, outputs), oldest lag first as frames lie in
// memory.
at::Tensor packed(const at::Tensor& kernel, const Sizes& s) {
  const auto oldest_first = kernel.flip(4);
  return (s.blocks == kernel.size(0) ? oldest_first.permute({0, 4, 2, 3, 1}).contiguous()
                                     : oldest_first.permute({4, 2, 3, 0, 1}).contiguous())
      .view({s.blocks, s.L, s.inputs, s.outputs});
}

at::Tensor unpacked(const at::Tensor& gradient, const at::Tensor& kernel, const Sizes& s) {
  const auto M = kernel.size(0), K = kernel.size(1), C = kernel.size(2), F = kernel.size(3);
  return s.blocks == M ? gradient.view({M, s.L, C, F, K}).permute({0, 4, 2, 3, 1}).flip(4)
                       : gradient.view({s.L, C, F, M, K}).permute({3, 4, 1, 2, 0}).flip(4);
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

// Windows of L consecutive frames as rows, every L-th starting at `phase`: rows of them.
std::int64_t windows_from(std::int64_t phase, const Sizes& s) { return (s.S - phase) / s.L; }

template <class T>
void forward_many(const T* x, const T* w, const T* bias, T* z, const Sizes& s) {
  for (std::int64_t t = 0; t < s.S; ++t) std::copy_n(bias, s.outputs, z + t * s.outputs);
  const auto inner = s.L * s.inputs;
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    // The window of frames phase .. phase + L - 1 gives the output at its last frame less `ahead`.
    const auto output = phase + s.L - 1 - s.ahead;
    gemm(false, false, windows_from(phase, s), s.outputs, inner, x + phase * s.inputs, inner, w,
         s.outputs, T(1), z + output * s.outputs, s.L * s.outputs);
  }
}

template <class T>
void kernel_gradient_many(const T* x, const T* dz, T* dw, const Sizes& s) {
  const auto inner = s.L * s.inputs;
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    const auto output = phase + s.L - 1 - s.ahead;
    gemm(true, false, inner, s.outputs, windows_from(phase, s), x + phase * s.inputs, inner,
         dz + output * s.outputs, s.L * s.outputs, phase == 0 ? T(0) : T(1), dw, s.outputs);
  }
}

// Two neighbouring outputs of three lags take four products instead of six (Winograd 1980, F(2,
// 3)): of x0 - x2, x1 + x2, x2 - x1 and x1 - x3 with k0, (k0 + k1 + k2) / 2, (k0 - k1 + k2) / 2 and
// k2, the outputs being the sums m1 + m2 + m3 and m2 - m3 - m4. Worth it where one x serves many
// outputs. Lags by threes, missing ones as zeros, in stretches of pairs that stay in the cache.
constexpr std::int64_t kPairs = 192;
constexpr std::int64_t kTerms = 4;

std::int64_t threes(const Sizes& s) { return (s.L + 2) / 3; }
std::int64_t pairs(const Sizes& s) { return (s.S - s.L + 2) / 2; }

// Kernels (L, inputs, outputs) -> the four factors (4, threes, inputs, outputs).
template <class T>
std::vector<T> kernel_factors(const T* w, const Sizes& s) {
  const auto size = s.inputs * s.outputs, term = threes(s) * size;
  std::vector<T> factors(static_cast<std::size_t>(kTerms * term));
  for (std::int64_t b = 0; b < threes(s); ++b) {
    T* to = factors.data() + b * size;
    for (std::int64_t i = 0; i < size; ++i) {
      const auto at = [&](std::int64_t lag) {
        return 3 * b + lag < s.L ? w[(3 * b + lag) * size + i] : T(0);
      };
      const T k0 = at(0), k1 = at(1), k2 = at(2);
      to[i] = k0;
      to[term + i] = (k0 + k1 + k2) / 2;
      to[2 * term + i] = (k0 - k1 + k2) / 2;
      to[3 * term + i] = k2;
    }
  }
  return factors;
}

// The sums and differences of x for pairs [begin, begin + n): (4, kPairs, threes, inputs).
template <class T>
void input_terms(const T* x, T* terms, std::int64_t begin, std::int64_t n, const Sizes& s) {
  const auto row = threes(s) * s.inputs, term = kPairs * row;
  const std::vector<T> zeros(static_cast<std::size_t>(s.inputs), T(0));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t b = 0; b < threes(s); ++b) {
      const auto frame = [&](std::int64_t k) {
        const auto t = 2 * (begin + i) + 3 * b + k;
        return t < s.S ? x + t * s.inputs : zeros.data();
      };
      const T *x0 = frame(0), *x1 = frame(1), *x2 = frame(2), *x3 = frame(3);
      T* to = terms + i * row + b * s.inputs;
      for (std::int64_t c = 0; c < s.inputs; ++c) {
        to[c] = x0[c] - x2[c];
        to[term + c] = x1[c] + x2[c];
        to[2 * term + c] = x2[c] - x1[c];
        to[3 * term + c] = x1[c] - x3[c];
      }
    }
  }
}

template <class T>
void forward_in_pairs(const T* x, const T* w, const T* bias, T* z, const Sizes& s) {
  const auto row = threes(s) * s.inputs, n = s.outputs, first = s.L - 1 - s.ahead;
  const auto factors = kernel_factors(w, s);
  std::vector<T> terms(static_cast<std::size_t>(kTerms * kPairs * row)),
      products(static_cast<std::size_t>(kTerms * kPairs * n));
  const auto outside = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t t = from; t < to; ++t) std::copy_n(bias, n, z + t * n);
  };
  outside(0, first);
  outside(first + s.S - s.L + 1, s.S);
  for (std::int64_t begin = 0; begin < pairs(s); begin += kPairs) {
    const auto count = std::min(kPairs, pairs(s) - begin);
    input_terms(x, terms.data(), begin, count, s);
    for (std::int64_t j = 0; j < kTerms; ++j) {
      gemm(false, false, count, n, row, terms.data() + j * kPairs * row, row,
           factors.data() + j * row * n, n, T(0), products.data() + j * kPairs * n, n);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const T *m1 = products.data() + i * n, *m2 = m1 + kPairs * n, *m3 = m2 + kPairs * n,
              *m4 = m3 + kPairs * n;
      const auto window = 2 * (begin + i);
      T* even = z + (first + window) * n;
      for (std::int64_t o = 0; o < n; ++o) even[o] = bias[o] + m1[o] + m2[o] + m3[o];
      if (window + 1 > s.S - s.L) continue;
      T* odd = even + n;
      for (std::int64_t o = 0; o < n; ++o) odd[o] = bias[o] + m2[o] - m3[o] - m4[o];
    }
  }
}

template <class T>
void kernel_gradient_in_pairs(const T* x, const T* dz, T* dw, const Sizes& s) {
  const auto row = threes(s) * s.inputs, n = s.outputs, first = s.L - 1 - s.ahead;
  const auto size = s.inputs * n, term = row * n;
  std::vector<T> terms(static_cast<std::size_t>(kTerms * kPairs * row)),
      errors(static_cast<std::size_t>(kTerms * kPairs * n)),
      sums(static_cast<std::size_t>(kTerms * term), T(0));
  const std::vector<T> zeros(static_cast<std::size_t>(n), T(0));
  for (std::int64_t begin = 0; begin < pairs(s); begin += kPairs) {
    const auto count = std::min(kPairs, pairs(s) - begin);
    input_terms(x, terms.data(), begin, count, s);
    for (std::int64_t i = 0; i < count; ++i) {
      T *m1 = errors.data() + i * n, *m2 = m1 + kPairs * n, *m3 = m2 + kPairs * n,
        *m4 = m3 + kPairs * n;
      const auto window = 2 * (begin + i);
      const T* even = dz + (first + window) * n;
      const T* odd = window + 1 > s.S - s.L ? zeros.data() : even + n;
      for (std::int64_t o = 0; o < n; ++o) {
        m1[o] = even[o];
        m2[o] = even[o] + odd[o];
        m3[o] = even[o] - odd[o];
        m4[o] = -odd[o];
      }
    }
    for (std::int64_t j = 0; j < kTerms; ++j) {
      gemm(true, false, row, n, count, terms.data() + j * kPairs * row, row,
           errors.data() + j * kPairs * n, n, T(1), sums.data() + j * term, n);
    }
  }
  for (std::int64_t lag = 0; lag < s.L; ++lag) {
    const T *s1 = sums.data() + lag / 3 * size, *s2 = s1 + term, *s3 = s2 + term, *s4 = s3 + term;
    T* to = dw + lag * size;
    for (std::int64_t i = 0; i < size; ++i) {
      const T both = (s2[i] + s3[i]) / 2;
      to[i] = lag % 3 == 0 ? s1[i] + both : lag % 3 == 1 ? (s2[i] - s3[i]) / 2 : both + s4[i];
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
      gemm(true, false, s.inputs, n, rows, x + begin * s.inputs, s.inputs, d.data(), n, T(1),
           sum.data(), n);
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
                          const LayoutPtr& layout, std::int64_t ahead) {
  if (!x.is_cpu()) return plain::lagged_product(x, kernel, bias, layout, ahead);
  const auto M = kernel.size(0), K = kernel.size(1), L = kernel.size(4);
  const bool shared = x.size(0) == 1;
  const Sizes s{shared ? 1 : M, x.size(1), x.size(2), shared ? M * K : K, L, ahead};
  if (layout->gap < L - 1 || s.S != layout->total || s.inputs != kernel.size(2) * kernel.size(3)) {
    throw Bug("lagged_product: signal, kernel and layout do not fit");
  }
  const auto input = x.detach().contiguous(), weight = packed(kernel.detach(), s);
  const auto offset = bias.detach().contiguous();
  auto z = empty_signal({s.blocks, s.S, s.outputs}, x.options());
  const bool few = !shared && L * s.outputs <= kFewColumns;
  // By the outputs of one member, so that its numbers do not depend on its company. The sums and
  // differences are worked on this thread alone.
  const bool in_pairs = shared && L >= 3 && K >= 16 && inner_threads() == 1;
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "lagged_product", [&] {
    for (std::int64_t b = 0; b < s.blocks; ++b) {
      (few ? forward_few<scalar_t>
       : in_pairs
           ? forward_in_pairs<scalar_t>
           : forward_many<scalar_t>)(input.data_ptr<scalar_t>() + b * s.S * s.inputs,
                                     weight.data_ptr<scalar_t>() + b * L * s.inputs * s.outputs,
                                     offset.data_ptr<scalar_t>() + b * s.outputs,
                                     z.data_ptr<scalar_t>() + b * s.S * s.outputs, s);
    }
  });
  auto result = shared ? z.view({s.S, M, K}).transpose(0, 1) : z;

  const bool need_x = x.requires_grad(), need_kernel = kernel.requires_grad();
  const auto backward = [=, kernel = kernel.detach()](const at::Tensor& gradient) {
    const auto dz = (shared ? gradient.transpose(0, 1) : gradient).contiguous();
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
            (in_pairs ? kernel_gradient_in_pairs<scalar_t>
                      : kernel_gradient_many<scalar_t>)(in, out, to_kernel, s);
          }
          if (to_input) input_gradient_many(out, w, to_input, s);
        }
      }
    });
    return std::vector<at::Tensor>{dx, dw.defined() ? unpacked(dw, kernel, s) : dw,
                                   sum_over_frames(gradient)};
  };
  return with_backward(shared ? z.view({s.S, M, K}).transpose(0, 1) : z, {x, kernel, bias},
                       backward);
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
