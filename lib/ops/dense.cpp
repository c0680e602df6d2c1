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

// A layer with one output, for which a matrix product would copy more than it computes. In x,
// members are `member` numbers apart and frames `frame` numbers; the result is (M, S).
struct Single {
  std::int64_t M, S, H, member, frame;

  // Calls work(m, t, frames) for stretches of frames, all members before the next stretch, since
  // members side by side share cache lines.
  template <class Work>
  void for_stretches(Work&& work) const {
    constexpr std::int64_t kStretch = 512;
    for (std::int64_t t = 0; t < S; t += kStretch) {
      for (std::int64_t m = 0; m < M; ++m) work(m, t, std::min(kStretch, S - t));
    }
  }
};

template <class T>
void single_forward(const T* x, const T* w, const T* bias, T* r, const Single& s) {
  s.for_stretches([&](std::int64_t m, std::int64_t begin, std::int64_t frames) {
    T* to = r + m * s.S + begin;
    gemv(false, frames, s.H, x + m * s.member + begin * s.frame, s.frame, w + m * s.H, 1, to, 1);
    for (std::int64_t t = 0; t < frames; ++t) to[t] += bias[m];
  });
}

template <class T>
void outer_product(const T* w, const T* dr, T* dx, std::int64_t frames, const Single& s) {
  for (std::int64_t t = 0; t < frames; ++t, dx += s.frame) {
    const T outer = dr[t];
#pragma GCC ivdep
    for (std::int64_t h = 0; h < s.H; ++h) dx[h] = outer * w[h];
  }
}

// dw (M, H), summed in single precision within a stretch and in double over stretches; db (M); dx
// (may be null), laid out like x.
template <class T>
void single_backward(const T* x, const T* w, const T* dr, T* dw, T* db, T* dx, const Single& s) {
  std::vector<T> part(static_cast<std::size_t>(s.H));
  std::vector<double> sums(static_cast<std::size_t>(s.M * s.H), 0.0);
  s.for_stretches([&](std::int64_t m, std::int64_t begin, std::int64_t frames) {
    const auto at = m * s.member + begin * s.frame;
    const T* outer = dr + m * s.S + begin;
    gemv(true, frames, s.H, x + at, s.frame, outer, 1, part.data(), 1);
    for (std::int64_t h = 0; h < s.H; ++h) {
      sums[static_cast<std::size_t>(m * s.H + h)] +=
          static_cast<double>(part[static_cast<std::size_t>(h)]);
    }
    if (dx) outer_product(w + m * s.H, outer, dx + at, frames, s);
  });
  std::transform(sums.begin(), sums.end(), dw, [](double sum) { return static_cast<T>(sum); });
  Layout whole;
  whole.segments.push_back({0, s.S});
  for (std::int64_t m = 0; m < s.M; ++m, dr += s.S) {
    db[m] = static_cast<T>(
        line_sums<T, 1>(whole, [=](std::int64_t t) { return std::array<T, 1>{dr[t]}; })[0]);
  }
}

at::Tensor dense_single(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto input = ordered(x.detach()), w = weight.detach().contiguous(),
             offset = bias.detach().contiguous();
  const auto M = input.size(0), S = input.size(1), H = input.size(2);
  const Single single{M, S, H, input.stride(0), input.stride(1)};
  auto r = empty_signal({M, S, 1}, input.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "dense_single", [&] {
    single_forward(input.data_ptr<scalar_t>(), w.data_ptr<scalar_t>(), offset.data_ptr<scalar_t>(),
                   r.data_ptr<scalar_t>(), single);
  });
  const bool need_x = x.requires_grad();
  return with_backward(r, {x, weight, bias}, [=](const at::Tensor& gradient) {
    const auto g = gradient.contiguous();
    auto dx = need_x ? empty_like_signal(input, H) : at::Tensor();
    auto dw = at::empty_like(w), db = at::empty_like(offset);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "dense_single_backward", [&] {
      single_backward(input.data_ptr<scalar_t>(), w.data_ptr<scalar_t>(), g.data_ptr<scalar_t>(),
                      dw.data_ptr<scalar_t>(), db.data_ptr<scalar_t>(),
                      need_x ? dx.data_ptr<scalar_t>() : nullptr, single);
    });
    return std::vector<at::Tensor>{dx, dw, db};
  });
}

}  // namespace

at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!x.is_cpu()) return plain::dense(x, weight, bias);
  if (weight.size(1) == 1) return dense_single(x, weight, bias);
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
