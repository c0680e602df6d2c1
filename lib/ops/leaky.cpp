#include "ops/leaky.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/cuda/lane_operations.hpp"
#include "ops/grid.hpp"

namespace strffit::ops {
namespace {

// One block: s, y (rows, n); A, gain (n).
template <class T>
void leaky_forward(const T* s, const T* A, const T* gain, T* y, std::int64_t n,
                   const Layout& layout) {
  std::int64_t done = 0;
  for (const auto& [begin, frames] : layout.segments) {
    std::fill(y + done * n, y + begin * n, T(0));
    for (std::int64_t i = 0; i < n; ++i) y[begin * n + i] = s[begin * n + i] * gain[i] / (1 - A[i]);
    for (std::int64_t t = begin + 1; t < begin + frames; ++t) {
      const T *now = s + t * n, *before = y + (t - 1) * n;
      T* out = y + t * n;
      for (std::int64_t i = 0; i < n; ++i) out[i] = A[i] * before[i] + gain[i] * now[i];
    }
    done = begin + frames;
  }
  std::fill(y + done * n, y + layout.total * n, T(0));
}

// Accumulates the derivative by A, including gain, in dA. adjoint: scratch (n).
template <class T>
void leaky_backward(const T* s, const T* y, const T* g, const T* A, const T* gain, bool decay_input,
                    T* ds, double* dA, T* adjoint, std::int64_t n, const Layout& layout) {
  std::int64_t done = 0;
  for (const auto& [begin, frames] : layout.segments) {
    std::fill(ds + done * n, ds + begin * n, T(0));
    std::fill_n(adjoint, n, T(0));
    std::vector<T> sum(static_cast<std::size_t>(n), T(0));
    for (std::int64_t t = begin + frames - 1; t > begin; --t) {
      const T *now = s + t * n, *before = y + (t - 1) * n, *gradient = g + t * n;
      T* out = ds + t * n;
      const T input = decay_input ? T(1) : T(0);
      for (std::int64_t i = 0; i < n; ++i) {
        const T a = gradient[i] + A[i] * adjoint[i];
        out[i] = gain[i] * a;
        sum[static_cast<std::size_t>(i)] += a * (before[i] - input * now[i]);
        adjoint[i] = a;
      }
      if (layout.window > 0 && layout.window_of(t - begin) != layout.window_of(t - 1 - begin)) {
        std::fill_n(adjoint, n, T(0));
      }
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const T a = g[begin * n + i] + A[i] * adjoint[i], leak = 1 - A[i];
      ds[begin * n + i] = a * gain[i] / leak;
      // The first state is s[0] for any A, or s[0] / (1 - A) without the input factor.
      const T start = decay_input ? T(0) : a * s[begin * n + i] / (leak * leak);
      dA[i] += static_cast<double>(sum[static_cast<std::size_t>(i)]) + static_cast<double>(start);
    }
    done = begin + frames;
  }
  std::fill(ds + done * n, ds + layout.total * n, T(0));
}

}  // namespace

at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout) {
  if (!s.is_cpu()) {
    return lanes::on_gpu(s, *layout) ? lanes::leaky(s, d, decay_input, layout)
                                     : plain::leaky(s, d, decay_input, layout);
  }
  const auto input = ordered(s.detach());
  const auto squared = d.detach().square().contiguous();
  const auto leak = 1 / (1 + squared), A = squared * leak;
  const auto gain = decay_input ? leak : at::ones_like(leak);
  auto y = empty_like_signal(input, input.size(2));
  const Grid grid(input);
  const auto n = grid.columns, size = grid.rows * n;
  AT_DISPATCH_FLOATING_TYPES(s.scalar_type(), "leaky", [&] {
    for (std::int64_t b = 0; b < grid.blocks; ++b) {
      leaky_forward(input.data_ptr<scalar_t>() + b * size, A.data_ptr<scalar_t>() + b * n,
                    gain.data_ptr<scalar_t>() + b * n, y.data_ptr<scalar_t>() + b * size, n,
                    *layout);
    }
  });
  const auto own = y.detach();
  return with_backward(y, {s, d}, [=, d = d.detach()](const at::Tensor& gradient) {
    const auto g = ordered_like(gradient, input);
    auto ds = empty_like_signal(input, input.size(2));
    auto dA = at::zeros({grid.blocks, n}, d.options().dtype(at::kDouble));
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "leaky_backward", [&] {
      std::vector<scalar_t> adjoint(static_cast<std::size_t>(n));
      for (std::int64_t b = 0; b < grid.blocks; ++b) {
        leaky_backward(input.data_ptr<scalar_t>() + b * size, own.data_ptr<scalar_t>() + b * size,
                       g.data_ptr<scalar_t>() + b * size, A.data_ptr<scalar_t>() + b * n,
                       gain.data_ptr<scalar_t>() + b * n, decay_input,
                       ds.data_ptr<scalar_t>() + b * size, dA.data_ptr<double>() + b * n,
                       adjoint.data(), n, *layout);
      }
    });
    const auto by_A = dA.view(d.sizes()).to(d.scalar_type());
    return std::vector<at::Tensor>{ds, by_A * 2 * d * leak * leak};  // dA/dd = 2 d / (1 + d^2)^2
  });
}

namespace plain {

// First-order recursion by doubling: after k rounds y[t] contains the last 2^k inputs, so that a
// device that computes frames in parallel needs log2(T) rounds.
at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout) {
  const auto squared = d * d;
  const auto leak = (1 / (1 + squared)).unsqueeze(1), A = (squared / (1 + squared)).unsqueeze(1);
  std::vector<at::Tensor> pieces;
  std::int64_t done = 0;
  for (const auto& [begin, frames] : layout->segments) {
    if (begin > done) pieces.push_back(at::zeros_like(s.narrow(1, done, begin - done)));
    const auto part = s.narrow(1, begin, frames);
    const auto first = part.narrow(1, 0, 1);
    auto y = at::cat({decay_input ? first : first / leak,
                      (decay_input ? leak : at::ones_like(leak)) * part.narrow(1, 1, frames - 1)},
                     1);
    auto power = A;
    for (std::int64_t step = 1; step < frames; step *= 2) {
      y = y + power * at::constant_pad_nd(y.narrow(1, 0, frames - step), {0, 0, step, 0});
      power = power * power;
    }
    pieces.push_back(y);
    done = begin + frames;
  }
  if (layout->total > done)
    pieces.push_back(at::zeros_like(s.narrow(1, done, layout->total - done)));
  return at::cat(pieces, 1);
}

}  // namespace plain
}  // namespace strffit::ops
