#include "ops/adamw.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "ops/autograd.hpp"
#include "ops/cuda/lane_operations.hpp"

namespace strffit::ops {

void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections) {
  const WithoutGradients guard;
  if (!parameter.is_cpu()) {
    return (lanes::reach(parameter) ? lanes::adamw : plain::adamw)(
        parameter, gradient, first, second, rates, decays, scales, corrections);
  }
  const double correction1 = corrections.data_ptr<double>()[0],
               correction2 = corrections.data_ptr<double>()[1];
  const auto g = gradient.contiguous();
  const auto all = scales.defined() ? scales.contiguous() : scales;
  const double* const factors = scales.defined() ? all.data_ptr<double>() : nullptr;
  const double* const rate_of = rates.data_ptr<double>();
  const double* const decay_of = decays.data_ptr<double>();
  const auto rows = rates.size(0), n = parameter.numel() / std::max<std::int64_t>(rows, 1);
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "adamw", [&] {
    for (std::int64_t row = 0; row < rows; ++row) {
      auto *p = parameter.data_ptr<scalar_t>() + row * n, *m = first.data_ptr<scalar_t>() + row * n,
           *v = second.data_ptr<scalar_t>() + row * n;
      const auto* from = g.data_ptr<scalar_t>() + row * n;
      const auto rate = static_cast<scalar_t>(rate_of[row] / correction1);
      const auto shrink = static_cast<scalar_t>(rate_of[row] * decay_of[row]),
                 scale = static_cast<scalar_t>(factors ? factors[row] : 1.0);
      const auto inverse = static_cast<scalar_t>(1 / std::sqrt(correction2));
      for (std::int64_t j = 0; j < n; ++j) {
        const auto value = scale * from[j];
        m[j] = scalar_t(kAdamwBeta1) * m[j] + scalar_t(1 - kAdamwBeta1) * value;
        v[j] = scalar_t(kAdamwBeta2) * v[j] + scalar_t(1 - kAdamwBeta2) * value * value;
        p[j] -= rate * m[j] / (std::sqrt(v[j]) * inverse + scalar_t(kAdamwEpsilon)) + shrink * p[j];
      }
    }
  });
}

at::Tensor adamw_corrections(const at::Tensor& step) {
  return 1 - at::stack({at::pow(kAdamwBeta1, step), at::pow(kAdamwBeta2, step)});
}

namespace plain {

void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections) {
  const WithoutGradients guard;
  const auto rows = rates.size(0);
  const auto by_row = [&](const at::Tensor& v) {
    return v.to(parameter.scalar_type())
        .unsqueeze(1)
        .expand({rows, parameter.numel() / rows})
        .reshape(parameter.sizes());
  };
  const auto correction1 = corrections[0], correction2 = corrections[1];
  const auto g = scales.defined() ? gradient * by_row(scales) : gradient;
  first.mul_(kAdamwBeta1).add_(g, 1 - kAdamwBeta1);
  second.mul_(kAdamwBeta2).addcmul_(g, g, 1 - kAdamwBeta2);
  const auto direction = first / correction1 / ((second / correction2).sqrt() + kAdamwEpsilon);
  parameter.sub_(by_row(rates) * (direction + by_row(decays) * parameter));
}

}  // namespace plain
}  // namespace strffit::ops
