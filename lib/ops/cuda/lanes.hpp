// GPU code of the recursions along time and of AdamW. A lane is one thread: it handles one band
// (or unit) of one stimulus of one member, or one element of a parameter. nvcc compiles lanes
// to kernels (kernels.cu). ops/cuda/lane_operations.cpp also runs them on a CPU, one after the
// other, which tests them without a GPU. Signals are contiguous (M, S, F). Private to this
// room.
#pragma once

#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define STRFFIT_LANE __host__ __device__ inline
#else
#define STRFFIT_LANE inline
#endif

namespace strffit::ops::lanes {

using Index = std::int64_t;

// Some stimuli of a layout, few enough for an argument of a kernel.
struct Segments {
  static constexpr int kMost = 64;
  int count = 0;
  int number = 0;  // index of the first one in the layout
  int of = 0;      // number of stimuli in the layout
  int begin[kMost] = {}, frames[kMost] = {};
};

// Member, band and stimulus of one lane.
struct Place {
  Index member, band, segment, begin, frames;

  STRFFIT_LANE Place(Index lane, Index bands, const Segments& segments)
      : member(lane / (bands * segments.count)),
        band(lane % bands),
        segment(lane / bands % segments.count),
        begin(segments.begin[segment]),
        frames(segments.frames[segment]) {
    segment += segments.number;
  }
};

// Running average of one band and its slope by a, as in ops/adaptation.cpp.
template <class T>
struct Average {
  T a, scale, scale_slope, last, last_slope, sum = 0, sum_slope = 0;
  Index K;  // 0: infinite

  STRFFIT_LANE Average(T share, Index frames) : a(share), K(frames) {
    double weights = 0, weights_slope = 0, power = 1, power_slope = 0;
    for (Index k = 0; k + 1 < frames; ++k) {
      weights += power;
      weights_slope += power_slope;
      power_slope = power_slope * static_cast<double>(a) + power;
      power *= static_cast<double>(a);
    }
    scale = static_cast<T>(weights);
    scale_slope = static_cast<T>(weights_slope);
    last = static_cast<T>(power);
    last_slope = static_cast<T>(power_slope);
  }
  STRFFIT_LANE void start(T first) {
    sum = K == 0 ? first : first * scale;
    sum_slope = K == 0 ? T(0) : first * scale_slope;
  }
  // Advances from frame t - 1 to frame t. x: the band's frames, `stride` apart.
  STRFFIT_LANE void step(const T* x, Index t, Index stride) {
    const T before = x[(t - 1) * stride];
    if (K == 0) {
      sum_slope = a * sum_slope + sum - before;
      sum = a * sum + (1 - a) * before;
    } else {
      const T dropped = x[(t > K ? t - K : 0) * stride];
      sum_slope = a * sum_slope + sum - last_slope * dropped;
      sum = a * sum + before - last * dropped;
    }
  }
  STRFFIT_LANE T value() const { return K == 0 ? sum : sum / scale; }
  STRFFIT_LANE T slope() const {
    return K == 0 ? sum_slope : (sum_slope - sum * scale_slope / scale) / scale;
  }
  // Adds to dx the gradient by x, given the gradients g(t) by the average.
  template <class G>
  STRFFIT_LANE void add_gradient(const G& g, T* dx, Index frames, Index stride) const {
    T adjoint = 0;
    for (Index t = frames - 1; t > 0; --t) {
      adjoint += K == 0 ? g(t) : g(t) / scale;
      if (K != 0) dx[(t > K ? t - K : 0) * stride] -= last * adjoint;
      dx[(t - 1) * stride] += (K == 0 ? 1 - a : T(1)) * adjoint;
      adjoint *= a;
    }
    adjoint += K == 0 ? g(0) : g(0) / scale;
    dx[0] += K == 0 ? adjoint : scale * adjoint;
  }
};

// x (M, or 1 with x_stride 0; S, F) -> out (M, S, 2 F), which must be zero at gap frames already.
template <class T>
struct AdaptransForward {
  const T *x, *a_on, *a_off, *w;  // (M, F)
  T* out;
  Index x_stride, S, F, K;
  bool rectify;
  Segments segments = {};

  STRFFIT_LANE void operator()(Index lane) const {
    const Place p(lane, F, segments);
    const Index own = p.member * F + p.band;
    const T* in = x + p.member * x_stride + p.begin * F + p.band;
    T* row = out + (p.member * S + p.begin) * 2 * F + p.band;
    Average<T> on(a_on[own], K), off(a_off[own], K);
    on.start(in[0]);
    off.start(in[0]);
    for (Index t = 0; t < p.frames; ++t, row += 2 * F) {
      if (t > 0) {
        on.step(in, t, F);
        off.step(in, t, F);
      }
      const T now = in[t * F], up = now - w[own] * on.value(), down = off.value() - w[own] * now;
      row[0] = rectify && !(up > 0) ? T(0) : up;
      row[F] = rectify && !(down > 0) ? T(0) : down;
    }
  }
};

// Gradients by a_on, a_off and w for each stimulus, by (M, stimuli, 3, F).
template <class T>
struct AdaptransBackward {
  const T *x, *out, *g, *a_on, *a_off, *w;
  T* by;
  Index x_stride, S, F, K;
  bool rectify;
  Segments segments = {};

  STRFFIT_LANE void operator()(Index lane) const {
    const Place p(lane, F, segments);
    const Index own = p.member * F + p.band;
    const T* in = x + p.member * x_stride + p.begin * F + p.band;
    const Index first = (p.member * S + p.begin) * 2 * F + p.band;
    Average<T> on(a_on[own], K), off(a_off[own], K);
    on.start(in[0]);
    off.start(in[0]);
    T by_on = 0, by_off = 0, by_w = 0;
    for (Index t = 0; t < p.frames; ++t) {
      if (t > 0) {
        on.step(in, t, F);
        off.step(in, t, F);
      }
      const Index at = first + t * 2 * F;
      const T to_on = !rectify || out[at] > 0 ? g[at] : T(0),
              to_off = !rectify || out[at + F] > 0 ? g[at + F] : T(0);
      by_on -= to_on * w[own] * on.slope();
      by_off += to_off * off.slope();
      by_w -= to_on * on.value() + to_off * in[t * F];
    }
    T* to = by + (p.member * segments.of + p.segment) * 3 * F + p.band;
    to[0] = by_on;
    to[F] = by_off;
    to[2 * F] = by_w;
  }
};

// Gradient by x, dx (M, S, F); gap frames must be zero already.
template <class T>
struct AdaptransInput {
  const T *out, *g, *a_on, *a_off, *w;
  T* dx;
  Index S, F, K;
  bool rectify;
  Segments segments = {};

  STRFFIT_LANE void operator()(Index lane) const {
    const Place p(lane, F, segments);
    const Index own = p.member * F + p.band, first = (p.member * S + p.begin) * 2 * F + p.band;
    const T share = w[own];
    T* to = dx + (p.member * S + p.begin) * F + p.band;
    const auto passed = [&](Index t, Index channel) {
      const Index at = first + t * 2 * F + channel * F;
      return !rectify || out[at] > 0 ? g[at] : T(0);
    };
    for (Index t = 0; t < p.frames; ++t) to[t * F] = passed(t, 0) - share * passed(t, 1);
    Average<T>(a_on[own], K)
        .add_gradient([&](Index t) { return -share * passed(t, 0); }, to, p.frames, F);
    Average<T>(a_off[own], K).add_gradient([&](Index t) { return passed(t, 1); }, to, p.frames, F);
  }
};

// x - E(x): out (M, S, F), a (F); gap frames must be zero already.
template <class T>
struct WillmoreForward {
  const T *x, *a;
  T* out;
  Index S, F, K;
  bool rectify;
  Segments segments = {};

  STRFFIT_LANE void operator()(Index lane) const {
    const Place p(lane, F, segments);
    const Index first = (p.member * S + p.begin) * F + p.band;
    Average<T> average(a[p.band], K);
    average.start(x[first]);
    for (Index t = 0; t < p.frames; ++t) {
      if (t > 0) average.step(x + first, t, F);
      const T value = x[first + t * F] - average.value();
      out[first + t * F] = rectify && !(value > 0) ? T(0) : value;
    }
  }
};

template <class T>
struct WillmoreBackward {
  const T *out, *g, *a;
  T* dx;
  Index S, F, K;
  bool rectify;
  Segments segments = {};

  STRFFIT_LANE void operator()(Index lane) const {
    const Place p(lane, F, segments);
    const Index first = (p.member * S + p.begin) * F + p.band;
    const auto passed = [&](Index t) {
      return !rectify || out[first + t * F] > 0 ? g[first + t * F] : T(0);
    };
    for (Index t = 0; t < p.frames; ++t) dx[first + t * F] = passed(t);
    Average<T>(a[p.band], K)
        .add_gradient([&](Index t) { return -passed(t); }, dx + first, p.frames, F);
  }
};

// See ops/leaky.hpp; A and gain (M, F).
template <class T>
struct LeakyForward {
  const T *s, *A, *gain;
  T* y;
  Index S, F;
  Segments segments = {};

  STRFFIT_LANE void operator()(Index lane) const {
    const Place p(lane, F, segments);
    const Index own = p.member * F + p.band, first = (p.member * S + p.begin) * F + p.band;
    T state = s[first] * gain[own] / (1 - A[own]);
    y[first] = state;
    for (Index t = 1; t < p.frames; ++t) {
      state = A[own] * state + gain[own] * s[first + t * F];
      y[first + t * F] = state;
    }
  }
};

// ds (M, S, F), by_A (M, stimuli, F); gap frames must be zero already.
template <class T>
struct LeakyBackward {
  const T *s, *y, *g, *A, *gain;
  T *ds, *by_A;
  Index S, F;
  bool decay_input;
  Segments segments = {};

  STRFFIT_LANE void operator()(Index lane) const {
    const Place p(lane, F, segments);
    const Index own = p.member * F + p.band, first = (p.member * S + p.begin) * F + p.band;
    T adjoint = 0, sum = 0;
    for (Index t = p.frames - 1; t > 0; --t) {
      const Index at = first + t * F;
      adjoint = g[at] + A[own] * adjoint;
      ds[at] = gain[own] * adjoint;
      sum += adjoint * (y[at - F] - (decay_input ? s[at] : T(0)));
    }
    adjoint = g[first] + A[own] * adjoint;
    const T leak = 1 - A[own];
    ds[first] = adjoint * gain[own] / leak;
    if (!decay_input) sum += adjoint * s[first] / (leak * leak);
    by_A[(p.member * segments.of + p.segment) * F + p.band] = sum;
  }
};

// See ops/adamw.hpp; one element of a parameter (R, n).
template <class T>
struct Adamw {
  T* parameter;
  const T* gradient;
  T *first, *second;
  const double *rates, *decays, *scales, *corrections;  // (R), (R), (R) or null, (2)
  double beta1, beta2, epsilon;
  Index n;

  STRFFIT_LANE void operator()(Index i) const {
    const Index row = i / n;
    const T g = gradient[i] * static_cast<T>(scales ? scales[row] : 1.0);
    const T m = static_cast<T>(beta1) * first[i] + static_cast<T>(1 - beta1) * g;
    const T v = static_cast<T>(beta2) * second[i] + static_cast<T>(1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    // Most GPUs are slow in double precision.
    const T rate = static_cast<T>(rates[row]), decay = static_cast<T>(decays[row]);
    const T first_moment = m / static_cast<T>(corrections[0]),
            second_moment = v / static_cast<T>(corrections[1]);
    parameter[i] -= rate * (first_moment / (std::sqrt(second_moment) + static_cast<T>(epsilon)) +
                            decay * parameter[i]);
  }
};

// Calls lane(0) .. lane(count - 1) on the GPU, on a stream (a cudaStream_t). std::runtime_error if
// the launch fails. Only with STRFFIT_CUDA.
template <class Lane>
void launch(const Lane& lane, Index count, void* stream);

}  // namespace strffit::ops::lanes
