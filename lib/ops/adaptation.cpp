#include "ops/adaptation.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/cuda/lane_operations.hpp"
#include "ops/cuda/lanes.hpp"
#include "ops/grid.hpp"
#include "ops/share.hpp"
#include "util/errors.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

// Running average E over the past of all bands, frame by frame, and dE/da, for one set of a's.
// Infinite: E[t] = a E[t-1] + (1-a) x[t-1]. Finite K: the running sum S[t] = a S[t-1] + x[t-1] -
// a^(K-1) x[t-K], E = S / P with P the sum of the K - 1 weights.
template <class T>
class Average {
 public:
  Average(const T* a, Index F, Index frames) : F_(F), K_(frames) {
    const auto n = static_cast<std::size_t>(F);
    for (auto* v : {&a_, &value_, &slope_, &scale_, &scale_slope_, &last_, &last_slope_})
      v->assign(n, T(0));
    for (std::size_t f = 0; f < n; ++f) {
      a_[f] = a[f];
      const lanes::Average<T> band(a[f], frames);
      scale_[f] = band.scale;
      scale_slope_[f] = band.scale_slope;
      last_[f] = band.last;
      last_slope_[f] = band.last_slope;
    }
  }

  // x (frames, F) of one stimulus. E of the first frame is that frame.
  void start(const T* x) {
    x_ = x;
    for (Index f = 0; f < F_; ++f) {
      value_[i(f)] = x[f] * (K_ == kInfinite ? T(1) : scale_[i(f)]);
      slope_[i(f)] = K_ == kInfinite ? T(0) : x[f] * scale_slope_[i(f)];
    }
  }
  // Advances from frame t - 1 to frame t, t >= 1.
  void step(Index t) {
    const T* before = x_ + (t - 1) * F_;
    if (K_ == kInfinite) {
      for (Index f = 0; f < F_; ++f)
        value_[i(f)] = a_[i(f)] * value_[i(f)] + (1 - a_[i(f)]) * before[f];
    } else {
      const T* dropped = x_ + std::max<Index>(t - K_, 0) * F_;
      for (Index f = 0; f < F_; ++f) {
        value_[i(f)] = a_[i(f)] * value_[i(f)] + before[f] - last_[i(f)] * dropped[f];
      }
    }
  }
  void step_with_slope(Index t) {
    const T* before = x_ + (t - 1) * F_;
    if (K_ == kInfinite) {
      for (Index f = 0; f < F_; ++f)
        slope_[i(f)] = a_[i(f)] * slope_[i(f)] + value_[i(f)] - before[f];
    } else {
      const T* dropped = x_ + std::max<Index>(t - K_, 0) * F_;
      for (Index f = 0; f < F_; ++f) {
        slope_[i(f)] = a_[i(f)] * slope_[i(f)] + value_[i(f)] - last_slope_[i(f)] * dropped[f];
      }
    }
    step(t);
  }
  T value(Index f) const { return K_ == kInfinite ? value_[i(f)] : value_[i(f)] / scale_[i(f)]; }
  T slope(Index f) const {
    return K_ == kInfinite
               ? slope_[i(f)]
               : (slope_[i(f)] - value_[i(f)] * scale_slope_[i(f)] / scale_[i(f)]) / scale_[i(f)];
  }

  // Adds to dx the gradient by x of one stimulus, given the gradients g(t, f) by E. Not vectorised,
  // because only gradient STRFs and tests need it.
  template <class G>
  void add_input_gradient(G&& g, T* dx, Index frames, const Layout& layout) const {
    const auto cut = [&](Index t, Index s) {
      return layout.window > 0 && layout.window_of(t) != layout.window_of(s);
    };
    for (Index f = 0; f < F_; ++f) {
      const T a = a_[i(f)];
      T adjoint = 0;
      for (Index t = frames - 1; t > 0; --t) {
        adjoint += K_ == kInfinite ? g(t, f) : g(t, f) / scale_[i(f)];
        if (K_ != kInfinite) {
          const Index dropped = std::max<Index>(t - K_, 0);
          if (layout.window == 0) dx[dropped * F_ + f] -= last_[i(f)] * adjoint;
        }
        if (cut(t, t - 1)) {
          adjoint = 0;
        } else {
          dx[(t - 1) * F_ + f] += (K_ == kInfinite ? 1 - a : T(1)) * adjoint;
          adjoint *= a;
        }
      }
      adjoint += K_ == kInfinite ? g(0, f) : g(0, f) / scale_[i(f)];
      dx[f] += K_ == kInfinite ? adjoint : scale_[i(f)] * adjoint;
    }
  }
  // With windows, a finite average needs the adjoint of each frame separately.
  template <class G>
  void add_windowed_gradient(G&& g, T* dx, Index frames, const Layout& layout) const {
    for (Index f = 0; f < F_; ++f) {
      for (Index t = 0; t < frames; ++t) {
        T weight = g(t, f) / scale_[i(f)];
        for (Index k = 0; k + 1 < K_; ++k, weight *= a_[i(f)]) {
          const Index s = std::max<Index>(t - 1 - k, 0);
          if (layout.window_of(s) != layout.window_of(t)) break;
          dx[s * F_ + f] += weight;
        }
      }
    }
  }
  template <class G>
  void add_gradient(G&& g, T* dx, Index frames, const Layout& layout) const {
    if (K_ != kInfinite && layout.window > 0) {
      add_windowed_gradient(g, dx, frames, layout);
    } else {
      add_input_gradient(g, dx, frames, layout);
    }
  }

 private:
  static std::size_t i(Index f) { return static_cast<std::size_t>(f); }

  Index F_, K_;
  const T* x_ = nullptr;
  std::vector<T> a_, value_, slope_, scale_, scale_slope_, last_, last_slope_;
};

template <class T>
void adaptrans_forward(const T* x, const T* a_on, const T* a_off, const T* w, T* out, Index F,
                       Index K, bool rectify, const Layout& layout) {
  Average<T> on(a_on, F, K), off(a_off, F, K);
  const T floor = rectify ? T(0) : std::numeric_limits<T>::lowest();
  std::fill_n(out, layout.total * 2 * F, T(0));
  for (const auto& [begin, frames] : layout.segments) {
    const T* now = x + begin * F;
    on.start(now);
    off.start(now);
    T* row = out + begin * 2 * F;
    for (Index t = 0; t < frames; ++t, now += F, row += 2 * F) {
      if (t > 0) {
        on.step(t);
        off.step(t);
      }
      for (Index f = 0; f < F; ++f) row[f] = std::max(now[f] - w[f] * on.value(f), floor);
      for (Index f = 0; f < F; ++f) row[F + f] = std::max(off.value(f) - w[f] * now[f], floor);
    }
  }
}

// Gradients by a_on, a_off and w (F each, in `by`, 3 F). Slopes are computed along with the
// averages, so that the forward pass stores x only. `out` shows where rectification passes the
// gradient.
template <class T>
void adaptrans_backward(const T* x, const T* out, const T* g, const T* a_on, const T* a_off,
                        const T* w, T* by, Index F, Index K, bool rectify, const Layout& layout) {
  Average<T> on(a_on, F, K), off(a_off, F, K);
  std::fill_n(by, 3 * F, T(0));
  std::vector<T> sums(static_cast<std::size_t>(3 * F));
  for (const auto& [begin, frames] : layout.segments) {
    const T *now = x + begin * F, *row = out + begin * 2 * F, *gradient = g + begin * 2 * F;
    on.start(now);
    off.start(now);
    std::fill(sums.begin(), sums.end(), T(0));
    T *by_on = sums.data(), *by_off = by_on + F, *by_w = by_off + F;
    for (Index t = 0; t < frames; ++t, now += F, row += 2 * F, gradient += 2 * F) {
      if (t > 0) {
        on.step_with_slope(t);
        off.step_with_slope(t);
      }
      for (Index f = 0; f < F; ++f) {
        const T to_on = !rectify || row[f] > 0 ? gradient[f] : T(0);
        by_on[f] -= to_on * w[f] * on.slope(f);
        by_w[f] -= to_on * on.value(f);
      }
      for (Index f = 0; f < F; ++f) {
        const T to_off = !rectify || row[F + f] > 0 ? gradient[F + f] : T(0);
        by_off[f] += to_off * off.slope(f);
        by_w[f] -= to_off * now[f];
      }
    }
    for (Index i = 0; i < 3 * F; ++i) by[i] += sums[static_cast<std::size_t>(i)];
  }
}

template <class T>
void adaptrans_input_gradient(const T* out, const T* g, const T* a_on, const T* a_off, const T* w,
                              T* dx, Index F, Index K, bool rectify, const Layout& layout) {
  const Average<T> on(a_on, F, K), off(a_off, F, K);
  for (const auto& [begin, frames] : layout.segments) {
    const T *row = out + begin * 2 * F, *gradient = g + begin * 2 * F;
    T* target = dx + begin * F;
    const auto passed = [&](Index t, Index f) {
      return !rectify || row[t * 2 * F + f] > 0 ? gradient[t * 2 * F + f] : T(0);
    };
    for (Index t = 0; t < frames; ++t) {
      for (Index f = 0; f < F; ++f) target[t * F + f] += passed(t, f) - w[f] * passed(t, F + f);
    }
    on.add_gradient([&](Index t, Index f) { return -w[f] * passed(t, f); }, target, frames, layout);
    off.add_gradient([&](Index t, Index f) { return passed(t, F + f); }, target, frames, layout);
  }
}

void check_frames(std::int64_t kernel_frames) {
  if (kernel_frames != kInfinite && kernel_frames < 2)
    throw Bug("an average of the past needs 2 frames or more");
}

}  // namespace

at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout) {
  check_frames(kernel_frames);
  if (!x.is_cpu()) {
    return lanes::on_gpu(x, *layout)
               ? lanes::adaptrans(x, d_on, d_off, p, kernel_frames, rectify, layout)
               : plain::adaptrans(x, d_on, d_off, p, kernel_frames, rectify, layout);
  }
  const auto M = d_on.size(0), F = d_on.size(1), S = layout->total;
  const auto input = x.detach().contiguous();
  const Index stride = x.size(0) == 1 ? 0 : S * F;
  const auto a_on = share_of(d_on), a_off = share_of(d_off), w = share_of(p);
  auto out = empty_signal({M, S, 2 * F}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "adaptrans", [&] {
    for (Index m = 0; m < M; ++m) {
      adaptrans_forward(input.data_ptr<scalar_t>() + m * stride, a_on.data_ptr<scalar_t>() + m * F,
                        a_off.data_ptr<scalar_t>() + m * F, w.data_ptr<scalar_t>() + m * F,
                        out.data_ptr<scalar_t>() + m * S * 2 * F, F, kernel_frames, rectify,
                        *layout);
    }
  });
  const bool need_x = x.requires_grad();
  const bool need_parameters = d_on.requires_grad() || d_off.requires_grad() || p.requires_grad();
  const std::vector<at::Tensor> shares = {a_on, a_off, w};
  const std::vector<at::Tensor> parameters = {d_on.detach(), d_off.detach(), p.detach()};
  return with_backward(out, {x, d_on, d_off, p},
                       [=, result = out.detach()](const at::Tensor& gradient) {
                         const auto g = gradient.contiguous();
                         auto dx = need_x ? at::zeros_like(input) : at::Tensor();
                         auto by = at::zeros({M, 3, F}, input.options());
                         AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "adaptrans_backward", [&] {
                           for (Index m = 0; m < M; ++m) {
                             const auto *in = input.data_ptr<scalar_t>() + m * stride,
                                        *row = result.data_ptr<scalar_t>() + m * S * 2 * F,
                                        *gradients = g.data_ptr<scalar_t>() + m * S * 2 * F,
                                        *on = a_on.data_ptr<scalar_t>() + m * F,
                                        *off = a_off.data_ptr<scalar_t>() + m * F,
                                        *weight = w.data_ptr<scalar_t>() + m * F;
                             if (need_parameters) {
                               adaptrans_backward(in, row, gradients, on, off, weight,
                                                  by.data_ptr<scalar_t>() + m * 3 * F, F,
                                                  kernel_frames, rectify, *layout);
                             }
                             if (need_x) {
                               adaptrans_input_gradient(row, gradients, on, off, weight,
                                                        dx.data_ptr<scalar_t>() + m * stride, F,
                                                        kernel_frames, rectify, *layout);
                             }
                           }
                         });
                         std::vector<at::Tensor> result_gradients = {dx};
                         append_gradients(by, parameters, shares, result_gradients);
                         return result_gradients;
                       });
}

at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout) {
  check_frames(kernel_frames);
  if (!x.is_cpu()) {
    return lanes::on_gpu(x, *layout) ? lanes::willmore(x, a, kernel_frames, rectify, layout)
                                     : plain::willmore(x, a, kernel_frames, rectify, layout);
  }
  const auto M = x.size(0), F = x.size(2), S = layout->total;
  const auto input = x.detach().contiguous(), decay = a.detach().to(x.scalar_type()).contiguous();
  auto out = at::zeros({M, S, F}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "willmore", [&] {
    Average<scalar_t> average(decay.data_ptr<scalar_t>(), F, kernel_frames);
    for (Index m = 0; m < M; ++m) {
      for (const auto& [begin, frames] : layout->segments) {
        const scalar_t* now = input.data_ptr<scalar_t>() + (m * S + begin) * F;
        scalar_t* row = out.data_ptr<scalar_t>() + (m * S + begin) * F;
        average.start(now);
        for (Index t = 0; t < frames; ++t, now += F, row += F) {
          if (t > 0) average.step(t);
          for (Index f = 0; f < F; ++f) {
            const auto value = now[f] - average.value(f);
            row[f] = rectify ? std::max(value, scalar_t(0)) : value;
          }
        }
      }
    }
  });
  return with_backward(out, {x}, [=, result = out.detach()](const at::Tensor& gradient) {
    const auto g = (rectify ? gradient * (result > 0) : gradient).contiguous();
    auto dx = at::zeros_like(input);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "willmore_backward", [&] {
      const Average<scalar_t> average(decay.data_ptr<scalar_t>(), F, kernel_frames);
      for (Index m = 0; m < M; ++m) {
        for (const auto& [begin, frames] : layout->segments) {
          const scalar_t* row = g.data_ptr<scalar_t>() + (m * S + begin) * F;
          scalar_t* target = dx.data_ptr<scalar_t>() + (m * S + begin) * F;
          for (Index i = 0; i < frames * F; ++i) target[i] += row[i];
          average.add_gradient([&](Index t, Index f) { return -row[t * F + f]; }, target, frames,
                               *layout);
        }
      }
    });
    return std::vector<at::Tensor>{dx};
  });
}

namespace plain {
namespace {

// E of one stimulus x (M or 1, T, F), a (M or 1, 1, F), by doubling as in plain::leaky.
at::Tensor average(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames) {
  const auto T = x.size(1), taps = kernel_frames == kInfinite ? T : kernel_frames - 1;
  const auto first = x.narrow(1, 0, 1);
  // Frames before the start equal the first frame, so x minus its first frame is zero there.
  auto sum = at::constant_pad_nd((x - first).narrow(1, 0, T - 1), {0, 0, 1, 0}) + at::zeros_like(a);
  const auto delayed = [T](const at::Tensor& v, std::int64_t by) {
    return by >= T ? at::zeros_like(v) : at::constant_pad_nd(v.narrow(1, 0, T - by), {0, 0, by, 0});
  };
  if (kernel_frames != kInfinite) sum = sum - at::pow(a, taps) * delayed(sum, taps);
  auto power = a;
  for (std::int64_t step = 1; step < T; step *= 2) {
    sum = sum + power * delayed(sum, step);
    power = power * power;
  }
  if (kernel_frames == kInfinite) return (1 - a) * sum + first;
  auto weights = at::ones_like(a);
  for (std::int64_t k = 1; k < taps; ++k) weights = weights * a + 1;
  return sum / weights + first;
}

template <class F>
at::Tensor by_stimulus(const at::Tensor& x, const Layout& layout, F&& f) {
  std::vector<at::Tensor> pieces;
  for (const auto& [begin, frames] : layout.segments) {
    pieces.push_back(at::constant_pad_nd(f(x.narrow(1, begin, frames)), {0, 0, layout.gap, 0}));
  }
  return at::constant_pad_nd(at::cat(pieces, 1), {0, 0, 0, layout.gap});
}

}  // namespace

at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout) {
  const auto share = [](const at::Tensor& v) { return (1 / (1 + v * v)).unsqueeze(1); };
  const auto a_on = share(d_on), a_off = share(d_off), w = share(p);
  return by_stimulus(x, *layout, [&](const at::Tensor& part) {
    const auto both = at::cat({part - w * average(part, a_on, kernel_frames),
                               average(part, a_off, kernel_frames) - w * part},
                              2);
    return rectify ? at::relu(both) : both;
  });
}

at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout) {
  return by_stimulus(x, *layout, [&](const at::Tensor& part) {
    const auto out = part - average(part, a.to(x.scalar_type()).view({1, 1, -1}), kernel_frames);
    return rectify ? at::relu(out) : out;
  });
}

}  // namespace plain
}  // namespace strffit::ops
