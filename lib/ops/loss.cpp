#include "ops/loss.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/grid.hpp"
#include "util/errors.hpp"

namespace strffit::ops {
namespace {

constexpr double kRateFloor = 1e-8;

template <class T>
T value(Loss kind, T r, T y) {
  const T e = r - y;
  switch (kind) {
    case Loss::mse:
      return e * e;
    case Loss::poisson:
      return r - y * std::log(r + T(kRateFloor));
    case Loss::huber:
      return std::abs(e) <= 1 ? e * e / 2 : std::abs(e) - T(0.5);
  }
  throw Bug("no such loss");
}

template <class T>
T slope(Loss kind, T r, T y) {
  const T e = r - y;
  switch (kind) {
    case Loss::mse:
      return 2 * e;
    case Loss::poisson:
      return 1 - y / (r + T(kRateFloor));
    case Loss::huber:
      return std::clamp(e, T(-1), T(1));
  }
  throw Bug("no such loss");
}

}  // namespace

at::Tensor loss(const at::Tensor& prediction, const at::Tensor& target, Loss kind) {
  if (!prediction.is_cpu()) return plain::loss(prediction, target, kind);
  const auto r = ordered(prediction.detach()), y = ordered_like(target, r);
  const auto M = r.size(0), S = r.size(1), N = r.size(2);
  // Column sums in the order of memory, then over the N columns of each member.
  const Grid grid(r);
  const auto n = grid.columns;
  auto sums = at::zeros({M, N}, r.options().dtype(at::kDouble)), counts = at::zeros_like(sums);
  AT_DISPATCH_FLOATING_TYPES(r.scalar_type(), "loss", [&] {
    for (std::int64_t b = 0; b < grid.blocks; ++b) {
      double *sum = sums.data_ptr<double>() + b * n, *number = counts.data_ptr<double>() + b * n;
      const auto *out = r.data_ptr<scalar_t>() + b * S * n,
                 *wanted = y.data_ptr<scalar_t>() + b * S * n;
      for (std::int64_t t = 0; t < S; ++t, out += n, wanted += n) {
        for (std::int64_t i = 0; i < n; ++i) {
          const bool there = !std::isnan(wanted[i]);
          sum[i] += there ? static_cast<double>(value(kind, out[i], wanted[i])) : 0.0;
          number[i] += there ? 1.0 : 0.0;
        }
      }
    }
  });
  const auto count = counts.sum(1).clamp_min(1);
  return with_backward(
      (sums.sum(1) / count).to(r.scalar_type()), {prediction}, [=](const at::Tensor& gradient) {
        const auto factor = (gradient.to(at::kDouble) / count)
                                .unsqueeze(1)
                                .expand({M, N})
                                .to(r.scalar_type())
                                .contiguous();
        auto dr = empty_like_signal(r, N);
        AT_DISPATCH_FLOATING_TYPES(r.scalar_type(), "loss_backward", [&] {
          for (std::int64_t b = 0; b < grid.blocks; ++b) {
            const auto* scale = factor.data_ptr<scalar_t>() + b * n;
            const auto *out = r.data_ptr<scalar_t>() + b * S * n,
                       *wanted = y.data_ptr<scalar_t>() + b * S * n;
            auto* result = dr.data_ptr<scalar_t>() + b * S * n;
            for (std::int64_t t = 0; t < S; ++t, out += n, wanted += n, result += n) {
              for (std::int64_t i = 0; i < n; ++i) {
                result[i] =
                    std::isnan(wanted[i]) ? scalar_t(0) : scale[i] * slope(kind, out[i], wanted[i]);
              }
            }
          }
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
