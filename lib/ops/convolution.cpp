#include "ops/convolution.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/convolution_blocks.hpp"
#include "ops/gemm.hpp"
#include "ops/grid.hpp"
#include "util/errors.hpp"

namespace strffit::ops {
namespace {

using blocks::Index;
using blocks::Sizes;

// Gradient of x as a convolution: channels swapped, kernel reversed, K_f - 1 bands of zeros on both
// sides of dz.
template <class T>
void input_gradient(const T* dz, const at::Tensor& weight, T* dx, const Sizes& s,
                    const Layout& layout) {
  // (K_out, K_f, K_t, C), reversed
  const auto turned = weight.flip({2, 3}).permute({0, 2, 3, 1}).contiguous();
  const std::vector<T> zero(static_cast<std::size_t>(s.inputs), T(0));
  Sizes back{s.outputs, s.inputs, s.bands_out, s.bands_in, s.width, s.lags, s.lags - 1 - s.ahead,
             s.S,       s.begin,  s.end,       s.width - 1};
  if (layout.window == 0) {
    blocks::convolve(dz, turned.template data_ptr<T>(), zero.data(), dx, back);
    return;
  }
  // Lag by lag, without terms that cross the border of a window.
  const auto numbers = window_numbers(layout);
  std::vector<T> masked(static_cast<std::size_t>(s.outputs * s.bands_out * s.S), T(0));
  for (Index l = 0; l < s.lags; ++l) {
    const Index shift = l - s.ahead;  // x at t contributes to z at t + shift
    const auto one = turned.narrow(2, s.lags - 1 - l, 1).contiguous();
    for (Index row = 0; row < s.outputs * s.bands_out; ++row) {
      const T* from = dz + row * s.S;
      T* to = masked.data() + row * s.S;
      for (Index t = s.begin; t < s.end; ++t) {
        const auto here = static_cast<std::size_t>(t), there = static_cast<std::size_t>(t + shift);
        to[t] = numbers[here] == numbers[there] ? from[t + shift] : T(0);
      }
    }
    back.lags = 1;
    back.ahead = 0;
    blocks::convolve(masked.data(), one.template data_ptr<T>(), l == 0 ? zero.data() : nullptr, dx,
                     back);
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
  const auto b = bias.detach().contiguous();
  auto z = empty_signal({M, s.outputs, s.bands_out, s.S}, w.options());
  const bool shared = input.size(0) == 1;
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "convolution", [&] {
    for (Index m = 0; m < M; ++m) {
      blocks::convolve(input[shared ? 0 : m].data_ptr<scalar_t>(), packed[m].data_ptr<scalar_t>(),
                       b[m].data_ptr<scalar_t>(), z[m].data_ptr<scalar_t>(), s);
    }
  });
  const bool need_x = x.requires_grad(), need_weight = weight.requires_grad(),
             need_bias = bias.requires_grad();
  return with_backward(z, {x, weight, bias}, [=](const at::Tensor& gradient) {
    const auto dz = gradient.contiguous();
    auto dw = need_weight ? at::empty_like(w) : at::Tensor();
    auto dx = need_x ? empty_signal({M, s.inputs, s.bands_in, s.S}, input.options()) : at::Tensor();
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "convolution_backward", [&] {
      for (Index m = 0; m < M; ++m) {
        const auto* out = dz[m].data_ptr<scalar_t>();
        if (need_weight) {
          blocks::weight_gradient(input[shared ? 0 : m].data_ptr<scalar_t>(), out,
                                  dw[m].data_ptr<scalar_t>(), s);
        }
        if (need_x) input_gradient(out, w[m], dx[m].data_ptr<scalar_t>(), s, *layout);
      }
    });
    if (need_x && shared && M > 1) dx = dx.sum(0, true);
    return std::vector<at::Tensor>{dx, dw,
                                   need_bias ? dz.sum(at::IntArrayRef{2, 3}) : at::Tensor()};
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
    auto dx = empty_signal(input.sizes(), input.options()), dw = at::empty_like(w);
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
  // One grouped convolution, with a group per member.
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
