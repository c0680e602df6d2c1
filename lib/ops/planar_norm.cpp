#include "ops/planar_norm.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/convolution.hpp"
#include "ops/grid.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

// Frames per step; the numbers of all channels stay in the cache.
constexpr Index kStretch = 256;

// Layer norm of one member: K planes of `plane` numbers.
template <class T>
struct Planes {
  Index K, plane;
  const T *weight, *bias;  // (K)
};

// Mean over the channels and inverse standard deviation, at `frames` positions from z on.
template <class T>
void moments(const T* z, Index frames, const Planes<T>& p, T* mean, T* inverse) {
  std::fill_n(mean, frames, T(0));
  std::fill_n(inverse, frames, T(0));
  for (Index k = 0; k < p.K; ++k) {
    for (Index t = 0; t < frames; ++t) mean[t] += z[k * p.plane + t];
  }
  for (Index t = 0; t < frames; ++t) mean[t] /= static_cast<T>(p.K);
  for (Index k = 0; k < p.K; ++k) {
    for (Index t = 0; t < frames; ++t) {
      const T d = z[k * p.plane + t] - mean[t];
      inverse[t] += d * d;
    }
  }
  for (Index t = 0; t < frames; ++t)
    inverse[t] = 1 / std::sqrt(inverse[t] / static_cast<T>(p.K) + T(kNormEpsilon));
}

template <Activation kind, class T>
void planar_forward(const T* z, T* h, Index frames, const Planes<T>& p) {
  std::array<T, kStretch> mean, inverse;
  moments(z, frames, p, mean.data(), inverse.data());
  for (Index k = 0; k < p.K; ++k) {
    const T w = p.weight[k], b = p.bias[k];
    const T* in = z + k * p.plane;
    T* out = h + k * p.plane;
    for (Index t = 0; t < frames; ++t) {
      const auto i = static_cast<std::size_t>(t);
      out[t] = activate<kind>((in[t] - mean[i]) * inverse[i] * w + b);
    }
  }
}

// e, normalised: buffers for K stretches.
template <Activation kind, class T>
void planar_backward(const T* z, const T* h, const T* g, T* dz, Index frames, const Planes<T>& p,
                     std::vector<T>& e, std::vector<T>& normalised, double* by_weight,
                     double* by_bias) {
  std::array<T, kStretch> mean, inverse, sum_e{}, sum_en{};
  moments(z, frames, p, mean.data(), inverse.data());
  for (Index k = 0; k < p.K; ++k) {
    const T w = p.weight[k], b = p.bias[k];
    const T *in = z + k * p.plane, *out = h + k * p.plane, *gradient = g + k * p.plane;
    T *own_e = &e[static_cast<std::size_t>(k * kStretch)],
      *own_n = &normalised[static_cast<std::size_t>(k * kStretch)];
    for (Index t = 0; t < frames; ++t) {
      const auto i = static_cast<std::size_t>(t);
      const T n = (in[t] - mean[i]) * inverse[i];
      const T outer = gradient[t] * derivative<kind>(n * w + b, out[t]);
      own_n[t] = n;
      own_e[t] = outer;
    }
    std::array<double, 2> sums{};
    add_lanes<T, 2>(
        0, frames,
        [&](Index t) {
          return std::array<T, 2>{own_e[t] * own_n[t], own_e[t]};
        },
        sums);
    by_weight[k] += sums[0];
    by_bias[k] += sums[1];
    for (Index t = 0; t < frames; ++t) {
      const auto i = static_cast<std::size_t>(t);
      own_e[t] *= w;
      sum_e[i] += own_e[t];
      sum_en[i] += own_e[t] * own_n[t];
    }
  }
  for (Index k = 0; k < p.K; ++k) {
    const T *own_e = &e[static_cast<std::size_t>(k * kStretch)],
            *own_n = &normalised[static_cast<std::size_t>(k * kStretch)];
    T* result = dz + k * p.plane;
    for (Index t = 0; t < frames; ++t) {
      const auto i = static_cast<std::size_t>(t);
      result[t] = inverse[i] * (own_e[t] - (sum_e[i] + own_n[t] * sum_en[i]) / static_cast<T>(p.K));
    }
  }
}

// Calls work(offset, frames) for stretches of frames of every band.
template <class Work>
void for_planar_stretches(const Layout& layout, Index bands, Work&& work) {
  for (Index band = 0; band < bands; ++band) {
    for (const auto& [begin, frames] : layout.segments) {
      for (Index from = begin; from < begin + frames; from += kStretch)
        work(band * layout.total + from, std::min(kStretch, begin + frames - from));
    }
  }
}

at::Tensor planar_layer(const at::Tensor& z, const NormState& state, Activation activation,
                        const LayoutPtr& layout) {
  const auto input = z.detach().contiguous(), weight = state.weight.detach().contiguous(),
             bias = state.bias.detach().contiguous();
  const auto M = z.size(0), K = z.size(1), F = z.size(2), plane = F * z.size(3);
  auto h = empty_signal(input.sizes(), input.options()).zero_();
  const auto planes = [=]<class T>(Index m) {
    return Planes<T>{K, plane, weight.template data_ptr<T>() + m * K,
                     bias.template data_ptr<T>() + m * K};
  };
  AT_DISPATCH_FLOATING_TYPES(z.scalar_type(), "planar_layer_norm", [&] {
    with_activation(activation, [&]<Activation kind>() {
      for (Index m = 0; m < M; ++m) {
        const auto own = planes.template operator()<scalar_t>(m);
        for_planar_stretches(*layout, F, [&](Index at, Index frames) {
          planar_forward<kind>(input.data_ptr<scalar_t>() + m * K * plane + at,
                               h.data_ptr<scalar_t>() + m * K * plane + at, frames, own);
        });
      }
    });
  });
  return with_backward(
      h, {z, state.weight, state.bias}, [=, own_h = h.detach()](const at::Tensor& gradient) {
        const auto g = gradient.contiguous();
        auto dz = empty_signal(input.sizes(), input.options()).zero_();
        auto by_weight = at::zeros({M, K}, input.options().dtype(at::kDouble)),
             by_bias = at::zeros_like(by_weight);
        AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "planar_layer_norm_backward", [&] {
          std::vector<scalar_t> e(static_cast<std::size_t>(K * kStretch)), normalised(e.size());
          with_activation(activation, [&]<Activation kind>() {
            for (Index m = 0; m < M; ++m) {
              const auto own = planes.template operator()<scalar_t>(m);
              for_planar_stretches(*layout, F, [&](Index at, Index frames) {
                const auto place = [&](const at::Tensor& signal) {
                  return signal.data_ptr<scalar_t>() + m * K * plane + at;
                };
                planar_backward<kind>(place(input), place(own_h), place(g), place(dz), frames, own,
                                      e, normalised, by_weight.data_ptr<double>() + m * K,
                                      by_bias.data_ptr<double>() + m * K);
              });
            }
          });
        });
        return std::vector<at::Tensor>{dz, by_weight.to(input.scalar_type()),
                                       by_bias.to(input.scalar_type())};
      });
}

// Converts to signals with the channel fastest, and back, for operations that need them.
at::Tensor as_signal(const at::Tensor& z) {
  return z.permute({0, 3, 2, 1}).reshape({z.size(0), z.size(3), z.size(2) * z.size(1)});
}
at::Tensor as_planes(const at::Tensor& signal, const at::Tensor& like) {
  return signal.reshape({like.size(0), like.size(3), like.size(2), like.size(1)})
      .permute({0, 3, 2, 1});
}

}  // namespace

at::Tensor planar_norm_activation(const at::Tensor& z, Norm norm, const NormState& state,
                                  bool training, Activation activation, const LayoutPtr& layout) {
  if (!z.is_cpu())
    return plain::planar_norm_activation(z, norm, state, training, activation, layout);
  if (norm == Norm::layer) return planar_layer(z, state, activation, layout);
  // Treats every channel as a member with one channel, and its bands as stimuli.
  const auto M = z.size(0), K = z.size(1), F = z.size(2), S = z.size(3);
  auto own = state;
  for (auto* tensor : {&own.weight, &own.bias, &own.running_mean, &own.running_var}) {
    if (tensor->defined()) *tensor = tensor->view({M * K, 1});
  }
  return norm_activation(z.reshape({M * K, F * S, 1}), norm, own, training, activation,
                         stacked(*layout, F))
      .view(z.sizes());
}

namespace plain {
at::Tensor planar_norm_activation(const at::Tensor& z, Norm norm, const NormState& state,
                                  bool training, Activation activation, const LayoutPtr& layout) {
  return as_planes(plain::norm_activation(as_signal(z), norm, state, training, activation, layout),
                   z);
}
}  // namespace plain

}  // namespace strffit::ops
