#include "ops/output.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

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
  const auto n = grid.columns, all = grid.blocks * n;
  auto r = empty_like_signal(input, input.size(2));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "parametric", [&] {
    with_kind(kind, [&]<Parametric k>() {
      for (std::int64_t block = 0; block < grid.blocks; ++block) {
        const auto* p = parameters.data_ptr<scalar_t>() + block * n;
        for (std::int64_t t = 0; t < grid.rows; ++t) {
          const auto at = (block * grid.rows + t) * n;
          const auto* in = input.data_ptr<scalar_t>() + at;
          auto* out = r.data_ptr<scalar_t>() + at;
          for (std::int64_t i = 0; i < n; ++i) {
            out[i] = slopes<k>(in[i], p[i], p[all + i], p[2 * all + i], p[3 * all + i]).value;
          }
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
            std::vector<scalar_t> sums(static_cast<std::size_t>(4 * n));
            auto *by_a = sums.data(), *by_b = by_a + n, *by_c = by_b + n, *by_d = by_c + n;
            constexpr std::int64_t kStretch = 128;  // summed in single precision, then in double
            for (std::int64_t block = 0; block < grid.blocks; ++block) {
              const auto* p = parameters.data_ptr<scalar_t>() + block * n;
              for (std::int64_t from = 0; from < grid.rows; from += kStretch) {
                std::fill(sums.begin(), sums.end(), scalar_t(0));
                for (std::int64_t t = from; t < std::min(from + kStretch, grid.rows); ++t) {
                  const auto at = (block * grid.rows + t) * n;
                  const auto *in = input.data_ptr<scalar_t>() + at,
                             *outer = g.data_ptr<scalar_t>() + at;
                  auto* result = dx.data_ptr<scalar_t>() + at;
                  for (std::int64_t i = 0; i < n; ++i) {
                    const auto s =
                        slopes<k>(in[i], p[i], p[all + i], p[2 * all + i], p[3 * all + i]);
                    result[i] = outer[i] * s.x;
                    by_a[i] += outer[i];
                    by_b[i] += outer[i] * s.b;
                    by_c[i] += outer[i] * s.c;
                    by_d[i] += outer[i] * s.d;
                  }
                }
                for (std::int64_t j = 0; j < 4; ++j) {
                  for (std::int64_t i = 0; i < n; ++i) {
                    by.data_ptr<double>()[j * all + block * n + i] +=
                        static_cast<double>(sums[static_cast<std::size_t>(j * n + i)]);
                  }
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
