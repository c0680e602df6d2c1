#include "ops/output.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/activation.hpp"
#include "ops/autograd.hpp"
#include "ops/grid.hpp"
#include "util/errors.hpp"

namespace strffit::ops {
namespace {

// Value, and derivatives by x, b, c and d (the one by a is 1).
template <class T>
struct Slopes {
  T value, x, b, c, d;
};

template <Parametric kind, class T>
Slopes<T> slopes(T x, T a, T b, T c, T d) {
  if constexpr (kind == Parametric::sigmoid) {
    const T u = (x - c) / d, s = sigmoid(u), by_x = b * s * (1 - s) / d;
    return {a + b * s, by_x, s, -by_x, -by_x * u};
  } else if constexpr (kind == Parametric::softplus) {
    const T u = c * (x - d), p = softplus(u), s = sigmoid(u);
    return {a + b * p / c, b * s, p / c, b * (s * u - p) / (c * c), -b * s};
  } else {
    // Above 80 the outer exponential and the derivatives are 0 to every digit.
    const T e = fast_exp(-c * (x - d)), g = e < T(80) ? fast_exp(-e) : T(0),
            eg = e < T(80) ? e * g : T(0);
    return {a + b * g, b * c * eg, g, b * eg * (x - d), -b * c * eg};
  }
}

// The parameters of a block's columns, repeated for kFramesAtOnce frames.
template <class T>
struct Repeated {
  // parameters: (4, all), starting at the n columns of the block.
  Repeated(const T* parameters, std::int64_t all, std::int64_t n)
      : count(kFramesAtOnce * n), values(static_cast<std::size_t>(4 * count)) {
    for (std::int64_t i = 0; i < 4 * count; ++i)
      values[static_cast<std::size_t>(i)] = parameters[i / count * all + i % n];
  }

  std::int64_t count;
  std::vector<T> values;
};

// Computes r for `some` numbers (a count, maybe a compile-time constant).
template <Parametric kind, class T>
void some_values(const Repeated<T>& p, auto some, const T* x, T* r) {
  const std::int64_t count = some;
  const T *a = p.values.data(), *b = a + p.count, *c = b + p.count, *d = c + p.count;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) r[i] = slopes<kind>(x[i], a[i], b[i], c[i], d[i]).value;
}

// Computes dx for `some` numbers, and adds to the gradients by a, b, c and d: sums (4, p.count).
template <Parametric kind, class T>
void some_gradients(const Repeated<T>& p, auto some, const T* x, const T* g, T* dx, T* sums) {
  const std::int64_t count = some;
  const T *a = p.values.data(), *b = a + p.count, *c = b + p.count, *d = c + p.count;
  T *by_a = sums, *by_b = by_a + p.count, *by_c = by_b + p.count, *by_d = by_c + p.count;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const auto s = slopes<kind>(x[i], a[i], b[i], c[i], d[i]);
    dx[i] = g[i] * s.x;
    by_a[i] += g[i];
    by_b[i] += g[i] * s.b;
    by_c[i] += g[i] * s.c;
    by_d[i] += g[i] * s.d;
  }
}

template <class F>
void with_kind(Parametric kind, F&& f) {
  switch (kind) {
    case Parametric::sigmoid:
      return f.template operator()<Parametric::sigmoid>();
    case Parametric::softplus:
      return f.template operator()<Parametric::softplus>();
    case Parametric::double_exponential:
      return f.template operator()<Parametric::double_exponential>();
  }
}

}  // namespace

at::Tensor parametric(const at::Tensor& x, const at::Tensor& a, const at::Tensor& b,
                      const at::Tensor& c, const at::Tensor& d, Parametric kind) {
  if (!x.is_cpu()) return plain::parametric(x, a, b, c, d, kind);
  const auto input = ordered(x.detach());
  const auto parameters =
      at::stack({a.detach(), b.detach(), c.detach(), d.detach()}).contiguous();  // (4, M, N)
  const Grid grid(input);
  const auto n = grid.columns, all = grid.blocks * n, size = grid.rows * n;
  auto r = empty_like_signal(input, input.size(2));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "parametric", [&] {
    with_kind(kind, [&]<Parametric k>() {
      for (std::int64_t block = 0; block < grid.blocks; ++block) {
        const Repeated<scalar_t> p(parameters.data_ptr<scalar_t>() + block * n, all, n);
        const auto* in = input.data_ptr<scalar_t>() + block * size;
        auto* out = r.data_ptr<scalar_t>() + block * size;
        for_few_columns(0, size, n, [&](std::int64_t at, auto some) {
          some_values<k>(p, some, in + at, out + at);
        });
      }
    });
  });
  return with_backward(
      r, {x, a, b, c, d}, [=, sizes = a.sizes().vec()](const at::Tensor& gradient) {
        const auto g = ordered_like(gradient, input);
        auto dx = empty_like_signal(input, input.size(2));
        auto by = at::zeros({4, all}, input.options().dtype(at::kDouble));
        AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "parametric_backward", [&] {
          with_kind(kind, [&]<Parametric k>() {
            for (std::int64_t block = 0; block < grid.blocks; ++block) {
              const Repeated<scalar_t> p(parameters.data_ptr<scalar_t>() + block * n, all, n);
              const auto *in = input.data_ptr<scalar_t>() + block * size,
                         *outer = g.data_ptr<scalar_t>() + block * size;
              auto* result = dx.data_ptr<scalar_t>() + block * size;
              sums_of_few_columns<scalar_t, 4>(size, n, by.data_ptr<double>() + block * n, all,
                                               [&](std::int64_t at, auto some, scalar_t* sums) {
                                                 some_gradients<k>(p, some, in + at, outer + at,
                                                                   result + at, sums);
                                               });
            }
          });
        });
        const auto typed = by.to(input.scalar_type());
        std::vector<at::Tensor> result = {dx};
        for (std::int64_t j = 0; j < 4; ++j) result.push_back(typed.select(0, j).view(sizes));
        return result;
      });
}

namespace plain {
at::Tensor parametric(const at::Tensor& x, const at::Tensor& a_, const at::Tensor& b_,
                      const at::Tensor& c_, const at::Tensor& d_, Parametric kind) {
  const auto a = a_.unsqueeze(1), b = b_.unsqueeze(1), c = c_.unsqueeze(1), d = d_.unsqueeze(1);
  switch (kind) {
    case Parametric::sigmoid:
      return a + b * at::sigmoid((x - c) / d);
    case Parametric::softplus:
      return a + b * at::softplus(c * (x - d)) / c;
    // Clamped where the outer exponential is 0; an infinity would make the gradient NaN.
    case Parametric::double_exponential:
      return a + b * at::exp(-at::exp((-c * (x - d)).clamp_max(80)));
  }
  throw Bug("no such output");
}
}  // namespace plain

}  // namespace strffit::ops
