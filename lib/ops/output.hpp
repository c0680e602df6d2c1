// Output nonlinearities with parameters per unit.
#pragma once

#include <ATen/core/Tensor.h>

namespace strffit::ops {

enum class Parametric { sigmoid, softplus, double_exponential };

// models.md, Activations; x (M, S, N), parameters (M, N):
//   sigmoid             a + b / (1 + exp(-(x - c) / d))       (Willmore et al. 2016)
//   softplus            a + b log(1 + exp(c (x - d))) / c
//   double_exponential  a + b exp(-exp(-c (x - d)))           (Thorson et al. 2015)
at::Tensor parametric(const at::Tensor& x, const at::Tensor& a, const at::Tensor& b,
                      const at::Tensor& c, const at::Tensor& d, Parametric kind);

namespace plain {
at::Tensor parametric(const at::Tensor& x, const at::Tensor& a, const at::Tensor& b,
                      const at::Tensor& c, const at::Tensor& d, Parametric kind);
}

}  // namespace strffit::ops
