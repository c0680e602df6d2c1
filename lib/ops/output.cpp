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

// Value, and derivatives by x, b, c and d (that by a is 1).
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
    // Beyond exp(80) the outer exponential is 0 to every digit, and so are the derivatives.
    const T e = fast_exp(-c * (x - d)), g = e < T(80) ? fast_exp(-e) : T(0),
            eg = e < T(80) ? e * g : T(0);
    return {a + b * g, b * c * eg, g, b * eg * (x - d), -b * c * eg};
  }
}

// The parameters of a block's columns as they stand beside 16 frames in memory: enough to fill
// vector registers however few the columns. Sixteen whatever their number, so that a column is
// summed in the same order whatever stands beside it.
template <class T>
struct Repeated {
  // From (4, all), where the block's n columns begin.
  Repeated(const T* parameters, std::int64_t all, std::int64_t n)
      : count(16 * n), values(static_cast<std::size_t>(4 * count)) {
    for (std::int64_t i = 0; i < 4 * count; ++i)
      values[static_cast<std::size_t>(i)] = parameters[i / count * all + i % n];
  }

  // Value and derivatives at x, which stands at place i.
  template <Parametric kind>
  Slopes<T> at(T x, std::int64_t i) const {
    const T* p = values.data() + i;
    return slopes<kind>(x, p[0], p[count], p[2 * count], p[3 * count]);
  }

  std::int64_t count;
  std::vector<T> values;
};

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
        for (std::int64_t at = 0; at < size; at += p.count) {
          for (std::int64_t i = 0; i < std::min(p.count, size - at); ++i)
            out[at + i] = p.template at<k>(in[at + i], i).value;
        }
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
              std::vector<scalar_t> sums(static_cast<std::size_t>(4 * p.count));
              auto *by_a = sums.data(), *by_b = by_a + p.count, *by_c = by_b + p.count,
                   *by_d = by_c + p.count;
              constexpr std::int64_t kGroups = 8;  // summed in single precision, then in double
              for (std::int64_t from = 0; from < size; from += kGroups * p.count) {
                std::fill(sums.begin(), sums.end(), scalar_t(0));
                const auto to = std::min(from + kGroups * p.count, size);
                for (std::int64_t at = from; at < to; at += p.count) {
                  for (std::int64_t i = 0; i < std::min(p.count, to - at); ++i) {
                    const auto s = p.template at<k>(in[at + i], i);
                    result[at + i] = outer[at + i] * s.x;
                    by_a[i] += outer[at + i];
                    by_b[i] += outer[at + i] * s.b;
                    by_c[i] += outer[at + i] * s.c;
                    by_d[i] += outer[at + i] * s.d;
                  }
                }
                for (std::int64_t j = 0; j < 4; ++j) {
                  auto* total = by.data_ptr<double>() + j * all + block * n;
                  for (std::int64_t i = 0; i < p.count; ++i)
                    total[i % n] +=
                        static_cast<double>(sums[static_cast<std::size_t>(j * p.count + i)]);
                }
              }
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
    // Clamped where the outer exponential is 0: the infinity beyond would make the gradient NaN.
    case Parametric::double_exponential:
      return a + b * at::exp(-at::exp((-c * (x - d)).clamp_max(80)));
  }
  throw Bug("no such output");
}
}  // namespace plain

}  // namespace strffit::ops
