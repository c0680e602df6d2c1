#include "ops/norm.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/grid.hpp"
#include "ops/layer_norm.hpp"
#include "util/errors.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

// Calls row(t) for every frame of the stimuli and gap(begin, end) for the gaps.
template <class Row, class Gap>
void for_rows(const Layout& layout, Row&& row, Gap&& gap) {
  Index done = 0;
  for (const auto& [begin, frames] : layout.segments) {
    gap(done, begin);
    for (Index t = begin; t < begin + frames; ++t) row(t);
    done = begin + frames;
  }
  gap(done, layout.total);
}

// ------------------------------------------------- norms with statistics per column: batch, none

// Parameters per column of one block: h = phi(scale (z - centre) + shift).
template <class T>
struct Columns {
  const T *centre, *scale, *shift;
  Index n;

  T normalised(const T* z, Index i) const { return scale[i] * (z[i] - centre[i]) + shift[i]; }
};

template <Activation kind, class T>
void columns_forward(const T* z, const Columns<T>& c, T* h, const Layout& layout) {
  const Index n = c.n;
  for_rows(
      layout,
      [&](Index t) {
        const T* in = z + t * n;
        T* out = h + t * n;
        for (Index i = 0; i < n; ++i) out[i] = activate<kind>(c.normalised(in, i));
      },
      [&](Index from, Index to) { std::fill(h + from * n, h + to * n, T(0)); });
}

// Computes e, the gradient by the normalised value, zero at gap frames, and for each column the
// sums (2 n) of e and of e (z - centre).
template <Activation kind, class T>
void columns_error(const T* z, const T* h, const T* g, const Columns<T>& c, T* e, double* sums,
                   const Layout& layout) {
  const Index n = c.n;
  std::fill_n(e, layout.total * n, T(0));
  column_sums<T>(layout, 2 * n, sums, [&](Index t, T* sum) {
    const T *in = z + t * n, *out = h + t * n, *gradient = g + t * n;
    T* result = e + t * n;
    for (Index i = 0; i < n; ++i) {
      result[i] = gradient[i] * derivative<kind>(c.normalised(in, i), out[i]);
      sum[i] += result[i];
      sum[n + i] += result[i] * (in[i] - c.centre[i]);
    }
  });
}

// dz = scale e + slope (z - centre) + offset, replacing e; batch statistics add the last two.
template <class T>
void columns_backward(const T* z, const Columns<T>& c, const T* slope, const T* offset, T* e,
                      const Layout& layout) {
  const Index n = c.n;
  for (const auto& [begin, frames] : layout.segments) {
    for (Index t = begin; t < begin + frames; ++t) {
      const T* in = z + t * n;
      T* result = e + t * n;
      for (Index i = 0; i < n; ++i) {
        result[i] = c.scale[i] * result[i] + slope[i] * (in[i] - c.centre[i]) + offset[i];
      }
    }
  }
}

// The three functions above for one column, whose frames are side by side.
template <Activation kind, class T>
void line_forward(const T* z, const Columns<T>& c, T* h, const Layout& layout) {
  const T centre = *c.centre, scale = *c.scale, shift = *c.shift;
  Index done = 0;
  for (const auto& [begin, frames] : layout.segments) {
    std::fill(h + done, h + begin, T(0));
    for (Index t = begin; t < begin + frames; ++t)
      h[t] = activate<kind>(scale * (z[t] - centre) + shift);
    done = begin + frames;
  }
  std::fill(h + done, h + layout.total, T(0));
}

template <Activation kind, class T>
void line_error(const T* z, const T* h, const T* g, const Columns<T>& c, T* e, double* sums,
                const Layout& layout) {
  const T centre = *c.centre, scale = *c.scale, shift = *c.shift;
  Index done = 0;
  for (const auto& [begin, frames] : layout.segments) {
    std::fill(e + done, e + begin, T(0));
    done = begin + frames;
  }
  std::fill(e + done, e + layout.total, T(0));
  const auto found = line_sums<T, 2>(layout, [&](Index t) {
    e[t] = g[t] * derivative<kind>(scale * (z[t] - centre) + shift, h[t]);
    return std::array<T, 2>{e[t], e[t] * (z[t] - centre)};
  });
  std::copy(found.begin(), found.end(), sums);
}

template <class T>
void line_backward(const T* z, const Columns<T>& c, T slope, T offset, T* e, const Layout& layout) {
  const T centre = *c.centre, scale = *c.scale;
  for (const auto& [begin, frames] : layout.segments) {
    for (Index t = begin; t < begin + frames; ++t)
      e[t] = scale * e[t] + slope * (z[t] - centre) + offset;
  }
}

// Numbers per channel (M, K) -> per column of a grid (M P K), repeated over positions.
at::Tensor to_columns(const at::Tensor& per_channel, Index positions) {
  return per_channel.unsqueeze(1)
      .expand({per_channel.size(0), positions, per_channel.size(1)})
      .contiguous();
}
// Numbers per column -> per channel, summed over positions.
at::Tensor to_channels(const at::Tensor& per_column, Index M, Index positions) {
  return per_column.reshape({M, positions, -1}).sum(1);
}

// Mean of some frames, spread over the stimuli, per member and channel (M, K), in z's precision.
at::Tensor rough_mean(const at::Tensor& z, Index positions, const Layout& layout) {
  constexpr Index kSome = 32;
  std::vector<Index> frames;
  Index before = 0;  // frames of the stimuli before this one
  for (const auto& [begin, length] : layout.segments) {
    while (static_cast<Index>(frames.size()) < kSome) {
      const auto wanted = static_cast<Index>(frames.size()) * layout.frames / kSome;
      if (wanted >= before + length) break;
      frames.push_back(begin + wanted - before);
    }
    before += length;
  }
  return z.index_select(1, at::tensor(frames, at::kLong))
      .reshape({z.size(0), kSome * positions, -1})
      .mean(1);
}

// Adds the deviations of n numbers from `middle`, and their squares, to sums (2 n).
template <class T>
void add_deviations(const T* z, const T* middle, T* sums, Index n) {
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) {
    const T d = z[i] - middle[i];
    sums[i] += d;
    sums[n + i] += d * d;
  }
}

// add_deviations for one column: one sum after the other, over frames that stay in the cache.
template <class T>
void line_deviations(const T* z, T middle, double* sums, const Layout& layout) {
  constexpr Index kAtOnce = 2048;
  std::array<double, 1> sum{}, squares{};
  for (const auto& [begin, frames] : layout.segments) {
    for (Index from = begin; from < begin + frames; from += kAtOnce) {
      const auto to = std::min(from + kAtOnce, begin + frames);
      add_lanes<T, 1>(
          from, to, [&](Index t) { return std::array<T, 1>{z[t] - middle}; }, sum);
      add_lanes<T, 1>(
          from, to,
          [&](Index t) {
            const T d = z[t] - middle;
            return std::array<T, 1>{d * d};
          },
          squares);
    }
  }
  sums[0] = sum[0];
  sums[1] = squares[0];
}

// Mean and variance (divisor n) of z per member and channel (M, K), double, in one pass: from
// deviations from a rough mean, so close that their squares lose no digits that matter.
std::pair<at::Tensor, at::Tensor> statistics(const at::Tensor& z, Index positions,
                                             const Layout& layout) {
  const Grid grid(z);
  const auto M = z.size(0), n = grid.columns, size = grid.rows * n;
  const double count = static_cast<double>(layout.frames * positions);
  const auto rough = rough_mean(z, positions, layout), centre = to_columns(rough, positions);
  auto sums = at::empty({grid.blocks, 2, n}, z.options().dtype(at::kDouble));
  AT_DISPATCH_FLOATING_TYPES(z.scalar_type(), "norm_statistics", [&] {
    for (Index b = 0; b < grid.blocks; ++b) {
      const auto *in = z.data_ptr<scalar_t>() + b * size,
                 *middle = centre.data_ptr<scalar_t>() + b * n;
      auto* target = sums.data_ptr<double>() + b * 2 * n;
      if (n == 1) {
        line_deviations(in, *middle, target, layout);
        continue;
      }
      column_sums<scalar_t>(layout, 2 * n, target, [&](Index t, scalar_t* sum) {
        add_deviations(in + t * n, middle, sum, n);
      });
    }
  });
  const auto deviation = to_channels(sums.select(1, 0), M, positions) / count,
             square = to_channels(sums.select(1, 1), M, positions) / count;
  // Rounded first, so that the variance refers to the mean that is used.
  const auto mean = (rough.to(at::kDouble) + deviation).to(z.scalar_type()).to(at::kDouble);
  const auto moved = mean - rough.to(at::kDouble);
  return {mean, (square + moved * (moved - 2 * deviation)).clamp_min(0)};
}

// centre, inverse_deviation (M, K) in double; undefined for Norm::none.
at::Tensor by_columns(const at::Tensor& z, const at::Tensor& centre,
                      const at::Tensor& inverse_deviation, const NormState& state, bool training,
                      Activation activation, const LayoutPtr& layout) {
  const auto input = ordered(z.detach());
  const Grid grid(input);
  const auto M = z.size(0), n = grid.columns, size = grid.rows * n;
  const auto type = z.scalar_type();
  const bool normalised = centre.defined();
  const auto positions = normalised ? z.size(2) / state.weight.size(1) : 1;
  const auto ones = at::ones({M, z.size(2) / positions}, z.options().dtype(at::kDouble));
  const auto gain = normalised ? state.weight.detach() * inverse_deviation : ones;
  const auto middle = to_columns(normalised ? centre : ones * 0, positions).to(type),
             scale = to_columns(gain, positions).to(type),
             shift = to_columns(normalised ? state.bias.detach() : ones * 0, positions).to(type);
  auto h = empty_like_signal(input, input.size(2));
  AT_DISPATCH_FLOATING_TYPES(type, "norm_activation", [&] {
    with_activation(activation, [&]<Activation kind>() {
      for (Index b = 0; b < grid.blocks; ++b) {
        const Columns<scalar_t> columns{middle.data_ptr<scalar_t>() + b * n,
                                        scale.data_ptr<scalar_t>() + b * n,
                                        shift.data_ptr<scalar_t>() + b * n, n};
        (n == 1 ? line_forward<kind, scalar_t>
                : columns_forward<kind, scalar_t>)(input.data_ptr<scalar_t>() + b * size, columns,
                                                   h.data_ptr<scalar_t>() + b * size, *layout);
      }
    });
  });
  return with_backward(
      h, {z, state.weight, state.bias}, [=, own = h.detach()](const at::Tensor& gradient) {
        const auto g = ordered_like(gradient, input);
        auto dz = empty_like_signal(input, input.size(2));
        auto sums = at::empty({grid.blocks, 2, n}, input.options().dtype(at::kDouble));
        at::Tensor by_weight, by_bias;
        AT_DISPATCH_FLOATING_TYPES(type, "norm_activation_backward", [&] {
          const auto block = [&](const at::Tensor& v, Index b, Index step) {
            return v.data_ptr<scalar_t>() + b * step;
          };
          const auto columns = [&](Index b) {
            return Columns<scalar_t>{block(middle, b, n), block(scale, b, n), block(shift, b, n),
                                     n};
          };
          with_activation(activation, [&]<Activation kind>() {
            for (Index b = 0; b < grid.blocks; ++b) {
              (n == 1 ? line_error<kind, scalar_t>
                      : columns_error<kind, scalar_t>)(block(input, b, size), block(own, b, size),
                                                       block(g, b, size), columns(b),
                                                       block(dz, b, size),
                                                       sums.data_ptr<double>() + b * 2 * n,
                                                       *layout);
            }
          });
          if (!normalised) return;  // e is the gradient itself
          const auto sum_e = to_channels(sums.select(1, 0), M, positions);
          const auto sum_normalised =
              to_channels(sums.select(1, 1), M, positions) * inverse_deviation;
          by_weight = sum_normalised.to(type);
          by_bias = sum_e.to(type);
          auto slope = at::zeros_like(scale), offset = at::zeros_like(scale);
          if (training) {  // -gain (mean(e) + normalised mean(e normalised))
            const double count = static_cast<double>(layout->frames * positions);
            slope =
                to_columns(gain * inverse_deviation * sum_normalised / -count, positions).to(type);
            offset = to_columns(gain * sum_e / -count, positions).to(type);
          }
          for (Index b = 0; b < grid.blocks; ++b) {
            if (n == 1) {
              line_backward(block(input, b, size), columns(b), *block(slope, b, n),
                            *block(offset, b, n), block(dz, b, size), *layout);
              continue;
            }
            columns_backward(block(input, b, size), columns(b), block(slope, b, n),
                             block(offset, b, n), block(dz, b, size), *layout);
          }
        });
        return std::vector<at::Tensor>{dz, by_weight, by_bias};
      });
}

// v <- 0.9 v + 0.1 new; the new variance has divisor n - 1 (0 for a single frame).
void update_running(const NormState& state, const at::Tensor& mean, const at::Tensor& variance,
                    double count) {
  const WithoutGradients guard;
  const double unbiased = count > 1 ? count / (count - 1) : 0.0;
  for (const auto& [running, now] :
       {std::pair(state.running_mean, mean), std::pair(state.running_var, variance * unbiased)}) {
    auto target = running;
    target.mul_(1 - kNormMomentum).add_(now.to(running.scalar_type()), kNormMomentum);
  }
}

}  // namespace

at::Tensor norm_activation(const at::Tensor& z, Norm norm, const NormState& state, bool training,
                           Activation activation, const LayoutPtr& layout) {
  if (!z.is_cpu()) return plain::norm_activation(z, norm, state, training, activation, layout);
  if (norm == Norm::layer) return layer_norm(z, state, activation, layout);
  if (norm == Norm::none) return by_columns(z, {}, {}, {}, false, activation, layout);
  at::Tensor mean, variance;
  if (training) {
    const auto positions = z.size(2) / state.weight.size(1);
    std::tie(mean, variance) = statistics(ordered(z.detach()), positions, *layout);
    update_running(state, mean, variance, static_cast<double>(layout->frames * positions));
  } else {
    mean = state.running_mean.to(at::kDouble);
    variance = state.running_var.to(at::kDouble);
  }
  return by_columns(z, mean, 1 / (variance + kNormEpsilon).sqrt(), state, training, activation,
                    layout);
}

namespace plain {

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return at::relu(x);
    case Activation::leaky_relu:
      return at::leaky_relu(x, kLeakySlope);
    case Activation::sigmoid:
      return at::sigmoid(x);
    case Activation::tanh:
      return at::tanh(x);
    case Activation::softplus:
      return at::softplus(x);
    case Activation::exp:
      return at::exp(x);
  }
  throw Bug("no such activation");
}

at::Tensor norm_activation(const at::Tensor& z, Norm norm, const NormState& state, bool training,
                           Activation activation, const LayoutPtr& layout) {
  auto real = at::zeros({1, layout->total, 1}, z.options());
  for (const auto& [begin, frames] : layout->segments) real.narrow(1, begin, frames).fill_(1);
  if (norm == Norm::none) return activate(z, activation) * real;
  const auto M = z.size(0), K = state.weight.size(1), positions = z.size(2) / K;
  const auto by_channel = z.reshape({M, layout->total, positions, K});
  const auto mask = real.unsqueeze(3);
  const auto per_channel = [&](const at::Tensor& v) { return v.view({M, 1, 1, K}); };
  at::Tensor mean, variance;
  if (norm == Norm::layer) {
    mean = by_channel.mean(3, true);
    variance = (by_channel - mean).square().mean(3, true);
  } else if (training) {
    const double count = static_cast<double>(layout->frames * positions);
    mean = (by_channel * mask).sum(at::IntArrayRef{1, 2}, true) / count;
    variance = ((by_channel - mean).square() * mask).sum(at::IntArrayRef{1, 2}, true) / count;
    update_running(state, mean.detach().view({M, K}), variance.detach().view({M, K}), count);
  } else {
    mean = per_channel(state.running_mean);
    variance = per_channel(state.running_var);
  }
  const auto normalised = (by_channel - mean) / (variance + kNormEpsilon).sqrt();
  return activate(normalised * per_channel(state.weight) + per_channel(state.bias), activation)
      .mul(mask)
      .reshape(z.sizes());
}

}  // namespace plain
}  // namespace strffit::ops
