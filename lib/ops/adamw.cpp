#include "ops/adamw.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "ops/autograd.hpp"

namespace strffit::ops {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

void on_device(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first,
               at::Tensor& second, const std::vector<double>& rates,
               const std::vector<double>& decays, const at::Tensor& scales, double correction1,
               double correction2) {
  const auto rows = static_cast<std::int64_t>(rates.size());
  const auto by_row = [&](const at::Tensor& v) {
    const auto values = v.to(parameter.device(), parameter.scalar_type());
    return values.unsqueeze(1).expand({rows, parameter.numel() / rows}).reshape(parameter.sizes());
  };
  const auto rate = by_row(at::tensor(rates, at::kDouble)),
             decay = by_row(at::tensor(decays, at::kDouble));
  const auto g = scales.defined() ? gradient * by_row(scales) : gradient;
  first.mul_(kBeta1).add_(g, 1 - kBeta1);
  second.mul_(kBeta2).addcmul_(g, g, 1 - kBeta2);
  const auto direction = first / correction1 / ((second / correction2).sqrt() + kEpsilon);
  parameter.sub_(rate * (direction + decay * parameter));
}

}  // namespace

void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const std::vector<double>& rates, const std::vector<double>& decays,
           const at::Tensor& scales, std::int64_t step) {
  const WithoutGradients guard;
  const double correction1 = 1 - std::pow(kBeta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(kBeta2, static_cast<double>(step));
  if (!parameter.is_cpu()) {
    on_device(parameter, gradient, first, second, rates, decays, scales, correction1, correction2);
    return;
  }
  const auto g = gradient.contiguous();
  const double* const factors = scales.defined() ? scales.data_ptr<double>() : nullptr;
  const auto rows = static_cast<std::int64_t>(rates.size()),
             n = parameter.numel() / std::max<std::int64_t>(rows, 1);
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "adamw", [&] {
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto i = static_cast<std::size_t>(row);
      auto *p = parameter.data_ptr<scalar_t>() + row * n, *m = first.data_ptr<scalar_t>() + row * n,
           *v = second.data_ptr<scalar_t>() + row * n;
      const auto* from = g.data_ptr<scalar_t>() + row * n;
      const auto rate = static_cast<scalar_t>(rates[i] / correction1);
      const auto shrink = static_cast<scalar_t>(rates[i] * decays[i]),
                 scale = static_cast<scalar_t>(factors ? factors[row] : 1.0);
      const auto inverse = static_cast<scalar_t>(1 / std::sqrt(correction2));
      for (std::int64_t j = 0; j < n; ++j) {
        const auto value = scale * from[j];
        m[j] = scalar_t(kBeta1) * m[j] + scalar_t(1 - kBeta1) * value;
        v[j] = scalar_t(kBeta2) * v[j] + scalar_t(1 - kBeta2) * value * value;
        p[j] -= rate * m[j] / (std::sqrt(v[j]) * inverse + scalar_t(kEpsilon)) + shrink * p[j];
      }
    }
  });
}

}  // namespace strffit::ops
