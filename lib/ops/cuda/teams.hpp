// GPU code of the recurrent layers. A team is a block of threads: it handles some stimuli of one
// member, with one thread per recurrent unit. The team shares the states in memory and
// synchronises after every step. nvcc compiles teams to kernels (kernels.cu).
// ops/cuda/lane_operations.cpp also runs them on a CPU, unit after unit, which tests them without
// a GPU: within a step, the units may come in any order. Signals are contiguous (M, S, K). Private
// to this room.
#pragma once

#include <cmath>

#include "ops/cuda/lanes.hpp"

namespace strffit::ops::lanes {

// Numbers that the backward pass needs of a frame beside h, also on a CPU (ops/recurrent.cpp): GRU
// r, z, n, y_n; LSTM i, f, g, o (c is stored separately).
inline constexpr Index kSavedGates = 4;

// Shared memory per team that every GPU has.
inline constexpr Index kSharedBytes = 48 * 1024;

template <class T>
STRFFIT_LANE T logistic(T x) {
  return 1 / (1 + std::exp(-x));
}

// Stimuli of one team, at most `most`, from a layout sorted by descending length.
template <int most>
struct TeamPlace {
  Index member;
  int first, count;  // of its stimuli in `segments`

  STRFFIT_LANE TeamPlace(Index number, const Segments& segments) {
    const int teams = (segments.count + most - 1) / most;
    member = number / teams;
    first = static_cast<int>(number % teams) * most;
    count = segments.count - first < most ? segments.count - first : most;
  }
};

// Sizes and stimuli of both passes. All stimuli of the team use a weight that is read once.
template <int kStimuli>
struct TeamWork {
  static constexpr int kMost = kStimuli;
  using Place = TeamPlace<kStimuli>;

  Index S, H;
  bool lstm;
  Segments segments = {};

  STRFFIT_LANE Index gates() const { return lstm ? 4 : 3; }
  STRFFIT_LANE Index steps(Index number) const {
    return segments.frames[Place(number, segments).first];
  }
};

// x (M, S, G H), weight (M, H, G H): all gates for each state, bias (M, G H) -> h (M, S, H), saved
// (M, S, 4 H), and for LSTM cell (M, S, H). Gap frames of h must be zero already.
template <class T, int kStimuli>
struct RecurrentForward : TeamWork<kStimuli> {
  using Number = T;
  using Work = TeamWork<kStimuli>;
  using Work::gates, Work::H, Work::lstm, Work::S, Work::segments;
  const T *x, *weight, *bias;
  T *h, *saved, *cell;

  // Alternating buffers for the states before and after a frame.
  STRFFIT_LANE Index shared_numbers() const { return 2 * kStimuli * H; }

  STRFFIT_LANE void start(Index unit, T* shared) const {
    for (Index i = unit; i < shared_numbers(); i += H) shared[i] = 0;
  }

  STRFFIT_LANE void step(Index number, Index unit, Index t, T* shared) const {
    const typename Work::Place place(number, segments);
    const Index n = gates() * H;
    const T* before = shared + (t & 1) * kStimuli * H;
    T* after = shared + (1 - (t & 1)) * kStimuli * H;
    const T* w = weight + place.member * H * n + unit;
    T y[4][kStimuli];
    for (int gate = 0; gate < 4; ++gate) {
      const T b = gate < gates() ? bias[place.member * n + gate * H + unit] : T(0);
      for (int i = 0; i < kStimuli; ++i) y[gate][i] = b;
    }
    for (Index k = 0; k < H; ++k, w += n) {
      for (int gate = 0; gate < 4; ++gate) {
        if (gate >= gates()) continue;
        const T factor = w[gate * H];
        for (int i = 0; i < kStimuli; ++i) y[gate][i] += factor * before[i * H + k];
      }
    }
    for (int i = 0; i < kStimuli; ++i) {
      if (i >= place.count || t >= segments.frames[place.first + i]) continue;
      const Index at = place.member * S + segments.begin[place.first + i] + t;
      const T* in = x + at * n + unit;
      T* keep = saved + at * kSavedGates * H + unit;
      const T first = logistic(in[0] + y[0][i]), second = logistic(in[H] + y[1][i]);
      T third, fourth, state;
      if (lstm) {
        third = std::tanh(in[2 * H] + y[2][i]);
        fourth = logistic(in[3 * H] + y[3][i]);
        const T last = t > 0 ? cell[(at - 1) * H + unit] : T(0);
        const T now = second * last + first * third;
        cell[at * H + unit] = now;
        state = fourth * std::tanh(now);
      } else {
        third = std::tanh(in[2 * H] + first * y[2][i]);
        fourth = y[2][i];
        state = (1 - second) * third + second * before[i * H + unit];
      }
      keep[0] = first;
      keep[H] = second;
      keep[2 * H] = third;
      keep[3 * H] = fourth;
      h[at * H + unit] = after[i * H + unit] = state;
    }
  }
};

// Numbers that a team shares in the backward pass, which needs more than the forward pass.
STRFFIT_LANE Index shared_backward(Index stimuli, Index units, Index gates) {
  return (2 * gates + 2) * stimuli * units;
}

// g (M, S, H) -> dx, dy (M, S, G H), the gradients by the contributions of input and states to the
// gates; for LSTM both are one tensor. weight (M, G H, H). Gap frames must be zero already.
template <class T, int kStimuli>
struct RecurrentBackward : TeamWork<kStimuli> {
  using Number = T;
  using Work = TeamWork<kStimuli>;
  using Work::gates, Work::H, Work::lstm, Work::S, Work::segments, Work::steps;
  const T *g, *h, *saved, *cell, *weight;
  T *dx, *dy;

  // Alternating buffers for the gate gradients of a frame and of the next one; then, for each unit,
  // the direct gradient of the previous state, and the gradient of the previous cell.
  STRFFIT_LANE Index shared_numbers() const { return shared_backward(kStimuli, H, gates()); }

  STRFFIT_LANE void start(Index unit, T* shared) const {
    for (Index i = unit; i < shared_numbers(); i += H) shared[i] = 0;
  }

  STRFFIT_LANE void step(Index number, Index unit, Index step, T* shared) const {
    const typename Work::Place place(number, segments);
    const Index n = gates() * H, t = steps(number) - 1 - step;
    const T* later = shared + (step & 1) * kStimuli * n;
    T* now = shared + (1 - (step & 1)) * kStimuli * n;
    T *direct = shared + 2 * kStimuli * n + unit, *cells = direct + kStimuli * H;
    const T* w = weight + place.member * n * H + unit;
    T adjoint[kStimuli];
    for (int i = 0; i < kStimuli; ++i) adjoint[i] = direct[i * H];
    for (Index k = 0; k < n; ++k, w += H) {
      for (int i = 0; i < kStimuli; ++i) adjoint[i] += *w * later[i * n + k];
    }
    for (int i = 0; i < kStimuli; ++i) {
      if (i >= place.count || t >= segments.frames[place.first + i]) continue;
      const Index at = place.member * S + segments.begin[place.first + i] + t;
      const T* kept = saved + at * kSavedGates * H + unit;
      const T first = kept[0], second = kept[H], third = kept[2 * H], fourth = kept[3 * H];
      const T dh = g[at * H + unit] + adjoint[i];
      T* gate = now + i * n + unit;
      if (lstm) {
        const T c = std::tanh(cell[at * H + unit]), last = t > 0 ? cell[(at - 1) * H + unit] : T(0);
        const T dc = cells[i * H] + dh * fourth * (1 - c * c);
        gate[0] = dc * third * first * (1 - first);
        gate[H] = dc * last * second * (1 - second);
        gate[2 * H] = dc * first * (1 - third * third);
        gate[3 * H] = dh * c * fourth * (1 - fourth);
        cells[i * H] = dc * second;
        direct[i * H] = 0;
      } else {
        const T last = t > 0 ? h[(at - 1) * H + unit] : T(0);
        const T dn = dh * (1 - second) * (1 - third * third);
        gate[0] = dn * fourth * first * (1 - first);
        gate[H] = dh * (last - third) * second * (1 - second);
        gate[2 * H] = dn * first;
        direct[i * H] = dh * second;
        dx[at * n + 2 * H + unit] = dn;
      }
      for (Index k = 0; k < gates(); ++k) {
        dy[at * n + k * H + unit] = gate[k * H];
        if (lstm || k < 2) dx[at * n + k * H + unit] = gate[k * H];
      }
    }
  }
};

// Runs teams 0 .. count - 1 on the GPU, on a stream (a cudaStream_t), with team.shared_numbers() in
// shared memory. std::runtime_error if the launch fails. Only with STRFFIT_CUDA.
template <class Team>
void launch_teams(const Team& team, Index count, void* stream);

}  // namespace strffit::ops::lanes
