#include "ops/cuda/lagged_batched.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <vector>

#include "ops/autograd.hpp"
#include "ops/lagged_sizes.hpp"

namespace strffit::ops::batched {
namespace {

// Up to this many columns of all lags together, one product reads x once instead of once per lag.
constexpr std::int64_t kColumnsAtOnce = 64;

// Windows of L frames of a signal (blocks, S, K) that start at phase, phase + L, ...: (blocks,
// windows, L K), a view.
at::Tensor every_window(const at::Tensor& signal, std::int64_t phase, const LaggedSizes& s) {
  const auto K = signal.size(2);
  return signal.as_strided({s.blocks, windows_from(phase, s), s.L * K}, {s.S * K, s.L * K, 1},
                           signal.storage_offset() + phase * K);
}

// Frames frame, frame + L, ... of a signal, one per such window: a view.
at::Tensor every_frame(const at::Tensor& signal, std::int64_t phase, std::int64_t frame,
                       const LaggedSizes& s) {
  const auto K = signal.size(2);
  return signal.as_strided({s.blocks, windows_from(phase, s), K}, {s.S * K, s.L * K, 1},
                           signal.storage_offset() + frame * K);
}

// As on the CPU (ops/lagged_product.cpp): L products, each of every L-th window.
at::Tensor by_windows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      const LaggedSizes& s) {
  auto z = bias.view({s.blocks, 1, s.outputs})
               .expand({s.blocks, s.S, s.outputs})
               .clone(at::MemoryFormat::Contiguous);
  const auto kernels = weight.view({s.blocks, s.L * s.inputs, s.outputs});
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    every_frame(z, phase, phase + s.L - 1 - s.ahead, s)
        .baddbmm_(every_window(x, phase, s), kernels);
  }
  return z;
}

at::Tensor kernel_gradient_by_windows(const at::Tensor& x, const at::Tensor& dz,
                                      const LaggedSizes& s) {
  auto dw = at::zeros({s.blocks, s.L * s.inputs, s.outputs}, x.options());
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    dw.baddbmm_(every_window(x, phase, s).transpose(1, 2),
                every_frame(dz, phase, phase + s.L - 1 - s.ahead, s));
  }
  return dw;
}

// dx[t] = sum_l dz[t + l] k_l: windows of dz into the future.
at::Tensor input_gradient_by_windows(const at::Tensor& weight, const at::Tensor& dz,
                                     const LaggedSizes& s) {
  const auto newest_first =
      weight.flip(1).transpose(2, 3).reshape({s.blocks, s.L * s.outputs, s.inputs});
  auto dx = at::zeros({s.blocks, s.S, s.inputs}, dz.options());
  for (std::int64_t phase = 0; phase < s.L; ++phase) {
    every_frame(dx, phase, phase + s.ahead, s).baddbmm_(every_window(dz, phase, s), newest_first);
  }
  return dx;
}

// For few columns: y[t, l] = x[t] times the kernel of each lag; z[t] sums y along a diagonal. The
// oldest lag comes first: l = L - 1 - lag.
at::Tensor at_once(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                   const LaggedSizes& s) {
  const auto columns = s.L * s.outputs;
  const auto by_input = weight.transpose(1, 2).reshape({s.blocks, s.inputs, columns});
  const auto y = at::bmm(x, by_input);
  const auto windows = s.S - s.L + 1;
  auto z = bias.view({s.blocks, 1, s.outputs})
               .expand({s.blocks, s.S, s.outputs})
               .clone(at::MemoryFormat::Contiguous);
  z.narrow(1, s.L - 1 - s.ahead, windows)
      .add_(y.as_strided({s.blocks, windows, s.L, s.outputs},
                         {s.S * columns, columns, columns + s.outputs, 1})
                .sum(2));
  return z;
}

// dz of the frames that depend on a frame of x, by lag: (blocks, S, L outputs).
at::Tensor by_lag(const at::Tensor& dz, const LaggedSizes& s) {
  const auto padded = at::constant_pad_nd(dz, {0, 0, s.ahead, s.L - 1 - s.ahead});
  return padded
      .as_strided({s.blocks, s.S, s.L * s.outputs}, {(s.S + s.L - 1) * s.outputs, s.outputs, 1})
      .contiguous();
}

}  // namespace

at::Tensor lagged_product(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias,
                          const LayoutPtr& layout, std::int64_t ahead, bool own_input) {
  const LaggedSizes s(x, kernel, *layout, ahead, own_input);
  const bool few = s.L * s.outputs <= kColumnsAtOnce;
  const auto input = x.detach().contiguous(), weight = oldest_lag_first(kernel.detach(), s),
             offset = bias.detach().contiguous();
  const auto z = few ? at_once(input, weight, offset, s) : by_windows(input, weight, offset, s);
  const bool need_x = x.requires_grad(), need_kernel = kernel.requires_grad();
  const auto backward = [=, kernel = kernel.detach()](const at::Tensor& gradient) {
    const auto dz = by_block(gradient, s);
    at::Tensor dx, dw;
    if (few) {
      const auto errors = by_lag(dz, s);
      // In the order of lags, not oldest first.
      if (need_x) {
        dx = at::bmm(errors,
                     weight.flip(1).transpose(2, 3).reshape({s.blocks, s.L * s.outputs, s.inputs}));
      }
      if (need_kernel) {
        dw = at::bmm(input.transpose(1, 2), errors)
                 .view({s.blocks, s.inputs, s.L, s.outputs})
                 .flip(2)
                 .transpose(1, 2)
                 .contiguous();
      }
    } else {
      if (need_x) dx = input_gradient_by_windows(weight, dz, s);
      if (need_kernel) dw = kernel_gradient_by_windows(input, dz, s);
    }
    return std::vector<at::Tensor>{dx, need_kernel ? in_order_of(kernel, dw, s) : dw,
                                   gradient.sum(1)};
  };
  return with_backward(by_member(z, kernel, s), {x, kernel, bias}, backward);
}

}  // namespace strffit::ops::batched
