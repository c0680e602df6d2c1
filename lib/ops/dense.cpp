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

at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!x.is_cpu()) return plain::dense(x, weight, bias);
  const auto input = ordered(x.detach()), w = weight.detach().contiguous(),
             offset = bias.detach().contiguous();
  const auto M = input.size(0), S = input.size(1), H = input.size(2), N = w.size(1);
  auto r = empty_like_signal(input, N);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "dense", [&] {
    for (std::int64_t m = 0; m < M; ++m) {
      auto* out = r.data_ptr<scalar_t>() + m * r.stride(0);
      const auto* from = offset.data_ptr<scalar_t>() + m * N;
      const auto step = r.stride(1);
      for (std::int64_t t = 0; t < S; ++t) std::copy_n(from, N, out + t * step);
      gemm(false, true, S, N, H, input.data_ptr<scalar_t>() + m * input.stride(0), input.stride(1),
           w.data_ptr<scalar_t>() + m * N * H, H, scalar_t(1), out, r.stride(1));
    }
  });
  const bool need_x = x.requires_grad();
  return with_backward(r, {x, weight, bias}, [=](const at::Tensor& gradient) {
    const auto g = ordered(gradient);
    auto dx = need_x ? empty_like_signal(input, H) : at::Tensor();
    auto dw = at::empty_like(w);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "dense_backward", [&] {
      for (std::int64_t m = 0; m < M; ++m) {
        const auto* out = g.data_ptr<scalar_t>() + m * g.stride(0);
        gemm(true, false, N, H, S, out, g.stride(1),
             input.data_ptr<scalar_t>() + m * input.stride(0), input.stride(1), scalar_t(0),
             dw.data_ptr<scalar_t>() + m * N * H, H);
        if (need_x) {
          gemm(false, false, S, H, N, out, g.stride(1), w.data_ptr<scalar_t>() + m * N * H, H,
               scalar_t(0), dx.data_ptr<scalar_t>() + m * dx.stride(0), dx.stride(1));
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
