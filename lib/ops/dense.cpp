#include "ops/dense.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "ops/grid.hpp"

namespace strffit::ops {
namespace {

// One member's layer of a single output, which a product of matrices would copy more than work at:
// frames and the numbers from one to the next of the input and of what comes out.
struct Single {
  std::int64_t S, H, step_x, step_r;
};

template <class T>
void single_forward(const T* x, const T* w, T bias, T* r, const Single& s) {
  gemv(false, s.S, s.H, x, s.step_x, w, 1, r, s.step_r);
  for (std::int64_t t = 0; t < s.S; ++t) r[t * s.step_r] += bias;
}

// dw (H), in single precision over stretches of frames, then in double.
template <class T>
void single_weight_gradient(const T* x, const T* dr, T* dw, const Single& s) {
  constexpr std::int64_t kStretch = 512;
  std::vector<T> part(static_cast<std::size_t>(s.H));
  std::vector<double> sums(part.size(), 0.0);
  for (std::int64_t t = 0; t < s.S; t += kStretch) {
    gemv(true, std::min(kStretch, s.S - t), s.H, x + t * s.step_x, s.step_x, dr + t * s.step_r,
         s.step_r, part.data(), 1);
    for (std::size_t h = 0; h < part.size(); ++h) sums[h] += static_cast<double>(part[h]);
  }
  for (std::size_t h = 0; h < part.size(); ++h) dw[h] = static_cast<T>(sums[h]);
}

template <class T>
void single_input_gradient(const T* w, const T* dr, T* dx, const Single& s) {
  for (std::int64_t t = 0; t < s.S; ++t) {
    const T outer = dr[t * s.step_r];
    T* to = dx + t * s.step_x;
#pragma GCC ivdep
    for (std::int64_t h = 0; h < s.H; ++h) to[h] = outer * w[h];
  }
}

}  // namespace

at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!x.is_cpu()) return plain::dense(x, weight, bias);
  const auto input = ordered(x.detach()), w = weight.detach().contiguous(),
             offset = bias.detach().contiguous();
  const auto M = input.size(0), S = input.size(1), H = input.size(2), N = w.size(1);
  auto r = empty_like_signal(input, N);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "dense", [&] {
    for (std::int64_t m = 0; m < M; ++m) {
      const auto *in = input.data_ptr<scalar_t>() + m * input.stride(0),
                 *own = w.data_ptr<scalar_t>() + m * N * H,
                 *from = offset.data_ptr<scalar_t>() + m * N;
      auto* out = r.data_ptr<scalar_t>() + m * r.stride(0);
      const auto step = r.stride(1);
      if (N == 1) {
        single_forward(in, own, *from, out, {S, H, input.stride(1), step});
        continue;
      }
      for (std::int64_t t = 0; t < S; ++t) std::copy_n(from, N, out + t * step);
      gemm(false, true, S, N, H, in, input.stride(1), own, H, scalar_t(1), out, step);
    }
  });
  const bool need_x = x.requires_grad();
  return with_backward(r, {x, weight, bias}, [=](const at::Tensor& gradient) {
    const auto g = ordered(gradient);
    auto dx = need_x ? empty_like_signal(input, H) : at::Tensor();
    auto dw = at::empty_like(w);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "dense_backward", [&] {
      for (std::int64_t m = 0; m < M; ++m) {
        const auto *out = g.data_ptr<scalar_t>() + m * g.stride(0),
                   *in = input.data_ptr<scalar_t>() + m * input.stride(0),
                   *own = w.data_ptr<scalar_t>() + m * N * H;
        auto* to_weight = dw.data_ptr<scalar_t>() + m * N * H;
        auto* to_input = need_x ? dx.data_ptr<scalar_t>() + m * dx.stride(0) : nullptr;
        if (N == 1) {
          const Single single{S, H, input.stride(1), g.stride(1)};
          single_weight_gradient(in, out, to_weight, single);
          if (need_x) single_input_gradient(own, out, to_input, single);
          continue;
        }
        gemm(true, false, N, H, S, out, g.stride(1), in, input.stride(1), scalar_t(0), to_weight,
             H);
        if (need_x) {
          gemm(false, false, S, H, N, out, g.stride(1), own, H, scalar_t(0), to_input,
               dx.stride(1));
        }
      }
    });
    return std::vector<at::Tensor>{dx, dw, sum_over_frames(g)};
  });
}

namespace plain {
at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::matmul(x, weight.transpose(1, 2)) + bias.unsqueeze(1);
}
}  // namespace plain

}  // namespace strffit::ops
