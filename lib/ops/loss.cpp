#include "ops/loss.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/grid.hpp"
#include "util/errors.hpp"

namespace strffit::ops {
namespace {

constexpr double kRateFloor = 1e-8;

template <Loss kind, class T>
T value(T r, T y) {
  const T e = r - y;
  if constexpr (kind == Loss::mse) {
    return e * e;
  } else if constexpr (kind == Loss::poisson) {
    return r - y * std::log(r + T(kRateFloor));
  } else {
    return std::abs(e) <= 1 ? e * e / 2 : std::abs(e) - T(0.5);
  }
}

template <Loss kind, class T>
T slope(T r, T y) {
  const T e = r - y;
  if constexpr (kind == Loss::mse) {
    return 2 * e;
  } else if constexpr (kind == Loss::poisson) {
    return 1 - y / (r + T(kRateFloor));
  } else {
    return std::clamp(e, T(-1), T(1));
  }
}

// Adds the losses of `some` numbers (a count, maybe a compile-time constant), and how many are
// present, to parts (2, step).
template <Loss kind, class T>
void some_losses(const T* r, const T* y, auto some, T* parts, std::int64_t step) {
  const std::int64_t count = some;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const bool there = !std::isnan(y[i]);
    const T each = value<kind>(r[i], y[i]);
    parts[i] += there ? each : T(0);
    parts[step + i] += there ? T(1) : T(0);
  }
}

template <Loss kind, class T>
void some_slopes(const T* r, const T* y, auto some, const T* scale, T* dr) {
  const std::int64_t count = some;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const T each = scale[i] * slope<kind>(r[i], y[i]);
    dr[i] = std::isnan(y[i]) ? T(0) : each;
  }
}

template <class F>
void with_loss(Loss kind, F&& f) {
  switch (kind) {
    case Loss::mse:
      return f.template operator()<Loss::mse>();
    case Loss::poisson:
      return f.template operator()<Loss::poisson>();
    case Loss::huber:
      return f.template operator()<Loss::huber>();
  }
}

}  // namespace

at::Tensor loss(const at::Tensor& prediction, const at::Tensor& target, Loss kind) {
  if (!prediction.is_cpu()) return plain::loss(prediction, target, kind);
  const auto r = ordered(prediction.detach()), y = ordered_like(target, r);
  const auto M = r.size(0), S = r.size(1), N = r.size(2);
  // Column sums in memory order, then sums over the N columns of each member.
  const Grid grid(r);
  const auto n = grid.columns, all = grid.blocks * n, size = S * n;
  auto result = at::empty({M}, r.options());
  std::vector<double> counts(static_cast<std::size_t>(M));
  AT_DISPATCH_FLOATING_TYPES(r.scalar_type(), "loss", [&] {
    std::vector<double> sums(static_cast<std::size_t>(2 * all), 0.0);  // losses, counts
    with_loss(kind, [&]<Loss k>() {
      for (std::int64_t b = 0; b < grid.blocks; ++b) {
        const auto *out = r.data_ptr<scalar_t>() + b * size,
                   *wanted = y.data_ptr<scalar_t>() + b * size;
        sums_of_few_columns<scalar_t, 2>(
            size, n, sums.data() + b * n, all, [&](std::int64_t at, auto some, scalar_t* parts) {
              some_losses<k>(out + at, wanted + at, some, parts, kFramesAtOnce * n);
            });
      }
    });
    for (std::int64_t m = 0; m < M; ++m) {
      const double* own = sums.data() + m * N;
      auto& count = counts[static_cast<std::size_t>(m)];
      count = std::max(1.0, std::accumulate(own + all, own + all + N, 0.0));
      result.data_ptr<scalar_t>()[m] =
          static_cast<scalar_t>(std::accumulate(own, own + N, 0.0) / count);
    }
  });
  return with_backward(result, {prediction}, [=](const at::Tensor& gradient) {
    const auto g = gradient.contiguous();
    auto dr = empty_like_signal(r, N);
    AT_DISPATCH_FLOATING_TYPES(r.scalar_type(), "loss_backward", [&] {
      const auto repeated = kFramesAtOnce * n;
      std::vector<scalar_t> scale(static_cast<std::size_t>(repeated));
      with_loss(kind, [&]<Loss k>() {
        for (std::int64_t b = 0; b < grid.blocks; ++b) {
          for (std::int64_t i = 0; i < repeated; ++i) {
            const auto m = (b * n + i % n) / N;
            scale[static_cast<std::size_t>(i)] =
                static_cast<scalar_t>(static_cast<double>(g.data_ptr<scalar_t>()[m]) /
                                      counts[static_cast<std::size_t>(m)]);
          }
          const auto *out = r.data_ptr<scalar_t>() + b * size,
                     *wanted = y.data_ptr<scalar_t>() + b * size;
          auto* to = dr.data_ptr<scalar_t>() + b * size;
          for_few_columns(0, size, n, [&](std::int64_t at, auto some) {
            some_slopes<k>(out + at, wanted + at, some, scale.data(), to + at);
          });
        }
      });
    });
    return std::vector<at::Tensor>{dr};
  });
}

namespace plain {
at::Tensor loss(const at::Tensor& r, const at::Tensor& target, Loss kind) {
  const auto there = at::isnan(target).logical_not();
  const auto y = at::nan_to_num(target), e = r - y;
  const auto each = kind == Loss::mse       ? e * e
                    : kind == Loss::poisson ? r - y * at::log(r + kRateFloor)
                                            : at::where(e.abs() <= 1, e * e / 2, e.abs() - 0.5);
  const auto counted = at::where(there, each, at::zeros_like(each));
  return counted.sum(at::IntArrayRef{1, 2}) / there.sum(at::IntArrayRef{1, 2}).clamp_min(1);
}
}  // namespace plain

}  // namespace strffit::ops
