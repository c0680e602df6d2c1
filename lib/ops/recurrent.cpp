#include "ops/recurrent.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/activation.hpp"
#include "ops/autograd.hpp"
#include "ops/cuda/lane_operations.hpp"
#include "ops/cuda/teams.hpp"
#include "ops/dense.hpp"
#include "ops/fetch.hpp"
#include "ops/grid.hpp"
#include "ops/packed_matrix.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

// Number of stimuli, sorted by descending length, that have a frame t.
Index running(const std::vector<Segment>& segments, Index t) {
  return std::partition_point(segments.begin(), segments.end(),
                              [t](const auto& s) { return s.frames > t; }) -
         segments.begin();
}

constexpr Index kSaved = lanes::kSavedGates;

// Calls work(from, to) for units 0 .. H - 1 in stretches that fill registers. The last stretch
// overlaps the one before, so results must not depend on the values that they replace.
template <class Work>
void for_units(Index H, Work&& work) {
  constexpr Index kAtOnce = 16;
  const auto whole = H / kAtOnce * kAtOnce;
  if (whole > 0) work(Index{0}, whole);
  if (whole < H) work(std::max(Index{0}, H - kAtOnce), H);
}

// One frame: contributions x of the input and y of the state to the gates -> h.
template <class T>
void gru_forward(const T* x, const T* y, const T* before, T* h, T* saved, Index H) {
  for_units(H, [=](Index from, Index to) {
#pragma GCC ivdep
    for (Index j = from; j < to; ++j) {
      const T r = sigmoid(x[j] + y[j]), z = sigmoid(x[H + j] + y[H + j]), own = y[2 * H + j];
      const T n = tanh_of(x[2 * H + j] + r * own);
      h[j] = (1 - z) * n + z * before[j];
      saved[j] = r;
      saved[H + j] = z;
      saved[2 * H + j] = n;
      saved[3 * H + j] = own;
    }
  });
}

// g + later, the gradient by h -> gradients by x and y (3 H each), and directly by the state
// before.
template <class T>
void gru_backward(const T* g, const T* later, const T* before, const T* saved, T* dx, T* dy,
                  T* to_before, Index H) {
  for_units(H, [=](Index from, Index to) {
#pragma GCC ivdep
    for (Index j = from; j < to; ++j) {
      const T r = saved[j], z = saved[H + j], n = saved[2 * H + j], y = saved[3 * H + j];
      const T dh = g[j] + later[j];
      const T dn = dh * (1 - z) * (1 - n * n), dz = dh * (before[j] - n) * z * (1 - z);
      const T dr = dn * y * r * (1 - r);
      dx[j] = dr;
      dy[j] = dr;
      dx[H + j] = dz;
      dy[H + j] = dz;
      dx[2 * H + j] = dn;
      dy[2 * H + j] = dn * r;
      to_before[j] = dh * z;
    }
  });
}

template <class T>
void lstm_forward(const T* x, const T* y, const T* cell_before, T* cell, T* h, T* saved, Index H) {
  for_units(H, [=](Index from, Index to) {
#pragma GCC ivdep
    for (Index j = from; j < to; ++j) {
      const T i = sigmoid(x[j] + y[j]), f = sigmoid(x[H + j] + y[H + j]);
      const T g = tanh_of(x[2 * H + j] + y[2 * H + j]), o = sigmoid(x[3 * H + j] + y[3 * H + j]);
      const T c = f * cell_before[j] + i * g;
      cell[j] = c;
      h[j] = o * tanh_of(c);
      saved[j] = i;
      saved[H + j] = f;
      saved[2 * H + j] = g;
      saved[3 * H + j] = o;
    }
  });
}

// cell_later: gradient by the cell from later frames; to_cell_before: gradient by the cell before.
template <class T>
void lstm_backward(const T* gradient, const T* later, const T* cell_later, const T* cell,
                   const T* cell_before, const T* saved, T* dx, T* to_before, T* to_cell_before,
                   Index H) {
  for_units(H, [=](Index from, Index to) {
#pragma GCC ivdep
    for (Index j = from; j < to; ++j) {
      const T i = saved[j], f = saved[H + j], g = saved[2 * H + j], o = saved[3 * H + j],
              c = tanh_of(cell[j]), dh = gradient[j] + later[j];
      const T d = cell_later[j] + dh * o * (1 - c * c);
      dx[j] = d * g * i * (1 - i);
      dx[H + j] = d * cell_before[j] * f * (1 - f);
      dx[2 * H + j] = d * i * (1 - g * g);
      dx[3 * H + j] = dh * c * o * (1 - o);
      to_cell_before[j] = d * f;
      to_before[j] = 0;
    }
  });
}

// One member's layer. Frames of u and du are `step` numbers apart, those of the others contiguous.
template <class T>
struct LayerOf {
  Index H, inputs, n, step;                // n: numbers of all gates, G H
  const T *u, *input_weight, *input_bias;  // (S, inputs), (n, inputs), (n)
  const T *hidden_weight, *hidden_bias;    // (n, H), (n)
  T *h, *saved, *cell;  // (S, H); (S, 4 H), null without backward pass; (S, H) for LSTM
};

// Some frames of every stimulus that is still running, as many as stay in the cache. Computed
// together where possible, and in order in the recursion. Has `rows` rows; those of one stimulus
// are contiguous.
struct Stretch {
  Index begin, end;
  std::vector<Index> first;   // per stimulus, index of its first row
  std::vector<Index> frames;  // per row, frame in the joined signal

  Stretch(const std::vector<Segment>& segments, Index from, Index to) : begin(from), end(to) {
    for (const auto& [start, length] : segments) {
      first.push_back(rows());
      for (Index t = begin; t < std::min(end, length); ++t) frames.push_back(start + t);
    }
  }
  Index rows() const { return static_cast<Index>(frames.size()); }
  Index row(Index stimulus, Index t) const {
    return first[static_cast<std::size_t>(stimulus)] + t - begin;
  }
};

// Rows per stretch, over all stimuli.
constexpr Index kRows = 64;
Index frames_at_once(const std::vector<Segment>& segments) {
  return std::max(Index{4}, kRows / static_cast<Index>(segments.size()));
}

template <class T>
std::vector<T> numbers(Index count) {
  return std::vector<T>(static_cast<std::size_t>(count), T(0));
}

template <class T>
void recurrent_forward(const LayerOf<T>& l, Cell kind, const Layout& layout) {
  const auto segments = longest_first(layout);
  const auto H = l.H, batch = static_cast<Index>(segments.size()),
             at_once = frames_at_once(segments);
  PackedMatrix<T> from_input(l.n), from_state(l.n);
  from_input.pack(l.inputs, l.inputs, [&](Index k) { return l.input_weight + k; });
  from_state.pack(H, H, [&](Index k) { return l.hidden_weight + k; });
  const auto padded = from_state.padded();
  auto input_bias = numbers<T>(padded), hidden_bias = numbers<T>(padded),
       x = numbers<T>(batch * at_once * padded), y = numbers<T>(batch * padded);
  std::copy_n(l.input_bias, l.n, input_bias.data());
  std::copy_n(l.hidden_bias, l.n, hidden_bias.data());
  const auto zero = numbers<T>(H);
  auto unused = numbers<T>(kSaved * H);
  std::vector<const T*> before(static_cast<std::size_t>(batch), zero.data()), in;
  std::fill_n(l.h, layout.total * H, T(0));
  for (Index begin = 0; begin < segments.front().frames; begin += at_once) {
    const Stretch stretch(segments, begin, std::min(begin + at_once, segments.front().frames));
    in.clear();
    for (const auto frame : stretch.frames) in.push_back(l.u + frame * l.step);
    from_input.multiply(stretch.rows(), in.data(), 1, input_bias.data(), 0, x.data());
    for (Index t = begin; t < stretch.end; ++t) {
      const auto rows = running(segments, t);
      from_state.multiply(rows, before.data(), 1, hidden_bias.data(), 0, y.data(), t % 2 == 1);
      for (Index i = 0; i < rows; ++i) {
        const auto at = segments[static_cast<std::size_t>(i)].begin + t;
        const T *own = &x[static_cast<std::size_t>(stretch.row(i, t) * padded)],
                *gate = &y[static_cast<std::size_t>(i * padded)];
        T* saved = l.saved ? l.saved + at * kSaved * H : unused.data();
        fetch<For::writing>(l.h + (at + 1) * H, H);
        if (l.saved) fetch<For::writing>(saved + kSaved * H, kSaved * H);
        auto& state = before[static_cast<std::size_t>(i)];
        if (kind == Cell::gru) {
          gru_forward(own, gate, state, l.h + at * H, saved, H);
        } else {
          lstm_forward(own, gate, t > 0 ? l.cell + (at - 1) * H : zero.data(), l.cell + at * H,
                       l.h + at * H, saved, H);
        }
        state = l.h + at * H;
      }
    }
  }
}

// Gradients of one member's layer, with the shapes of its tensors.
template <class T>
struct LayerGradients {
  T *u, *input_weight, *input_bias, *hidden_weight, *hidden_bias;
};

// Accumulates the gradient of a weight and bias (n, inputs), (n) over stretches: products of gate
// gradients with the inputs of the weight.
template <class T>
class WeightGradient {
 public:
  WeightGradient(Index gates, Index inputs)
      : n_(gates),
        inputs_(inputs),
        met_(inputs),
        sums_(numbers<T>(gates * met_.padded())),
        part_(numbers<T>(gates)),
        bias_(static_cast<std::size_t>(gates), 0.0) {}

  // gate (rows, n); met[r]: `inputs` numbers that the weight was applied to.
  void add(const std::vector<const T*>& met, const T* gate) {
    const auto rows = static_cast<Index>(met.size());
    met_.pack(rows, 1, [&](Index r) { return met[static_cast<std::size_t>(r)]; });
    columns_.clear();
    for (Index i = 0; i < n_; ++i) columns_.push_back(gate + i);
    met_.multiply(n_, columns_.data(), n_, sums_.data(), met_.padded(), sums_.data());
    std::fill(part_.begin(), part_.end(), T(0));
    for (Index r = 0; r < rows; ++r) {
      for (Index i = 0; i < n_; ++i) part_[static_cast<std::size_t>(i)] += gate[r * n_ + i];
    }
    for (std::size_t i = 0; i < part_.size(); ++i) bias_[i] += static_cast<double>(part_[i]);
  }

  void store(T* weight, T* bias) const {
    for (Index i = 0; i < n_; ++i) {
      std::copy_n(&sums_[static_cast<std::size_t>(i * met_.padded())], inputs_,
                  weight + i * inputs_);
      bias[i] = static_cast<T>(bias_[static_cast<std::size_t>(i)]);
    }
  }

 private:
  Index n_, inputs_;
  PackedMatrix<T> met_;
  std::vector<T> sums_, part_;  // (n, padded inputs), (n)
  std::vector<double> bias_;
  std::vector<const T*> columns_;
};

template <class T>
void recurrent_backward(const LayerOf<T>& l, const T* g, const LayerGradients<T>& to, Cell kind,
                        const Layout& layout) {
  const auto segments = longest_first(layout);
  const auto H = l.H, n = l.n, batch = static_cast<Index>(segments.size()),
             at_once = frames_at_once(segments), longest = segments.front().frames;
  PackedMatrix<T> to_state(H), to_input(l.inputs);
  to_state.pack(n, 1, [&](Index k) { return l.hidden_weight + k * H; });
  to_input.pack(n, 1, [&](Index k) { return l.input_weight + k * l.inputs; });
  WeightGradient<T> input(n, l.inputs), hidden(n, H);
  // Gradients by states and cells from later frames, and those for the previous frame.
  const auto padded = to_state.padded();
  auto later = numbers<T>(batch * padded), next = later, cell_later = later, cell_next = later;
  // For a stretch: gradients by the contributions of input and state to the gates (one tensor for
  // LSTM), and by u.
  const auto most = batch * at_once;
  auto by_input = numbers<T>(most * n), by_state = numbers<T>(kind == Cell::gru ? most * n : 0),
       du = numbers<T>(most * to_input.padded());
  const auto zero = numbers<T>(std::max(H, to_input.padded()));
  std::vector<const T*> gate(static_cast<std::size_t>(batch)), met, rows_by_input;
  Index done = 0;
  for (const auto& [begin, frames] : layout.segments) {
    for (Index t = done; t < begin; ++t) std::fill_n(to.u + t * l.step, l.inputs, T(0));
    done = begin + frames;
  }
  for (Index t = done; t < layout.total; ++t) std::fill_n(to.u + t * l.step, l.inputs, T(0));

  for (Index begin = (longest - 1) / at_once * at_once; begin >= 0; begin -= at_once) {
    const Stretch stretch(segments, begin, std::min(begin + at_once, longest));
    T *dx = by_input.data(), *dy = kind == Cell::gru ? by_state.data() : dx;
    for (Index t = stretch.end - 1; t >= begin; --t) {
      const auto rows = running(segments, t);
      for (Index i = 0; i < rows; ++i) {
        const auto& [start, frames] = segments[static_cast<std::size_t>(i)];
        const auto at = start + t, row = stretch.row(i, t) * n;
        const auto from = static_cast<std::size_t>(i * padded);
        const bool cut =
            layout.window > 0 && t + 1 < frames && layout.window_of(t) != layout.window_of(t + 1);
        if (cut) {
          std::fill_n(&later[from], H, T(0));
          std::fill_n(&cell_later[from], H, T(0));
        }
        const T *saved = l.saved + at * kSaved * H, *own = g + at * H;
        if (t > 1) {
          fetch(saved - kSaved * H, kSaved * H);
          fetch(own - H, H);
          fetch(l.h + (at - 2) * H, H);
        }
        if (kind == Cell::gru) {
          gru_backward(own, &later[from], t > 0 ? l.h + (at - 1) * H : zero.data(), saved, dx + row,
                       dy + row, &next[from], H);
        } else {
          lstm_backward(own, &later[from], &cell_later[from], l.cell + at * H,
                        t > 0 ? l.cell + (at - 1) * H : zero.data(), saved, dx + row, &next[from],
                        &cell_next[from], H);
        }
        gate[static_cast<std::size_t>(i)] = dy + row;
      }
      to_state.multiply(rows, gate.data(), 1, next.data(), padded, next.data());
      later.swap(next);
      cell_later.swap(cell_next);
    }

    rows_by_input.clear();
    for (Index r = 0; r < stretch.rows(); ++r) rows_by_input.push_back(dx + r * n);
    to_input.multiply(stretch.rows(), rows_by_input.data(), 1, zero.data(), 0, du.data());
    met.clear();
    for (Index r = 0; r < stretch.rows(); ++r) {
      const auto frame = stretch.frames[static_cast<std::size_t>(r)];
      std::copy_n(&du[static_cast<std::size_t>(r * to_input.padded())], l.inputs,
                  to.u + frame * l.step);
      met.push_back(l.u + frame * l.step);
    }
    input.add(met, dx);
    met.clear();
    for (Index i = 0; i < batch; ++i) {
      const auto& [start, frames] = segments[static_cast<std::size_t>(i)];
      for (Index t = begin; t < std::min(stretch.end, frames); ++t)
        met.push_back(t > 0 ? l.h + (start + t - 1) * H : zero.data());
    }
    hidden.add(met, dy);
  }
  input.store(to.input_weight, to.input_bias);
  hidden.store(to.hidden_weight, to.hidden_bias);
}

}  // namespace

at::Tensor recurrent(const at::Tensor& u, const RecurrentWeights& weights, Cell cell,
                     const LayoutPtr& layout) {
  if (!u.is_cpu()) {
    if (!lanes::on_gpu(u, *layout) || !lanes::team_fits(weights.hidden, cell))
      return plain::recurrent(u, weights, cell, layout);
    return lanes::recurrent(dense(u, weights.input, weights.input_bias), weights.hidden,
                            weights.hidden_bias, cell, layout);
  }
  const auto own = [](const at::Tensor& tensor) { return tensor.detach().contiguous(); };
  const auto input = ordered(u.detach()), input_weight = own(weights.input),
             input_bias = own(weights.input_bias), hidden_weight = own(weights.hidden),
             hidden_bias = own(weights.hidden_bias);
  const auto M = hidden_weight.size(0), S = input.size(1), H = hidden_weight.size(2),
             n = hidden_weight.size(1), inputs = input.size(2);
  const std::vector<at::Tensor> learnt = {u, weights.input, weights.input_bias, weights.hidden,
                                          weights.hidden_bias};
  auto h = empty_signal({M, S, H}, u.options());
  auto saved =
      wants_derivatives(learnt) ? empty_signal({M, S, kSaved * H}, u.options()) : at::Tensor();
  auto cells = cell == Cell::lstm ? empty_signal({M, S, H}, u.options()) : at::Tensor();
  const auto layer_of = [=]<class T>(Index m, const at::Tensor& states) {
    const auto at = [m]<class Tensor>(const Tensor& tensor) {
      return tensor.defined() ? tensor.template data_ptr<T>() + m * tensor.stride(0) : nullptr;
    };
    return LayerOf<T>{H,
                      inputs,
                      n,
                      input.stride(1),
                      at(input),
                      at(input_weight),
                      at(input_bias),
                      at(hidden_weight),
                      at(hidden_bias),
                      at(states),
                      at(saved),
                      at(cells)};
  };
  AT_DISPATCH_FLOATING_TYPES(u.scalar_type(), "recurrent", [&] {
    for (Index m = 0; m < M; ++m)
      recurrent_forward(layer_of.template operator()<scalar_t>(m, h), cell, *layout);
  });
  return with_backward(h, learnt, [=, states = h.detach()](const at::Tensor& gradient) {
    const auto g = gradient.contiguous();
    auto du = empty_like_signal(input, inputs);
    auto by_input = at::empty_like(input_weight), by_input_bias = at::empty_like(input_bias),
         by_hidden = at::empty_like(hidden_weight), by_hidden_bias = at::empty_like(hidden_bias);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "recurrent_backward", [&] {
      for (Index m = 0; m < M; ++m) {
        const auto at = [m](const at::Tensor& tensor) {
          return tensor.data_ptr<scalar_t>() + m * tensor.stride(0);
        };
        recurrent_backward(layer_of.template operator()<scalar_t>(m, states), at(g),
                           LayerGradients<scalar_t>{at(du), at(by_input), at(by_input_bias),
                                                    at(by_hidden), at(by_hidden_bias)},
                           cell, *layout);
      }
    });
    return std::vector<at::Tensor>{du, by_input, by_input_bias, by_hidden, by_hidden_bias};
  });
}

namespace plain {

at::Tensor recurrent(const at::Tensor& u, const RecurrentWeights& weights, Cell cell,
                     const LayoutPtr& layout) {
  const auto M = weights.hidden.size(0), H = weights.hidden.size(2);
  const auto x = dense(u, weights.input, weights.input_bias);
  const auto weight = weights.hidden.transpose(1, 2);
  const auto zeros = [&](Index frames) { return at::zeros({M, frames, H}, x.options()); };
  std::vector<at::Tensor> pieces;
  Index done = 0;
  for (const auto& [begin, frames] : layout->segments) {
    pieces.push_back(zeros(begin - done));
    auto h = zeros(1), c = zeros(1);
    for (Index t = begin; t < begin + frames; ++t) {
      const auto now = x.narrow(1, t, 1).chunk(gates(cell), 2);
      const auto y =
          (at::matmul(h, weight) + weights.hidden_bias.unsqueeze(1)).chunk(gates(cell), 2);
      if (cell == Cell::gru) {
        const auto r = at::sigmoid(now[0] + y[0]), z = at::sigmoid(now[1] + y[1]);
        h = (1 - z) * at::tanh(now[2] + r * y[2]) + z * h;
      } else {
        c = at::sigmoid(now[1] + y[1]) * c + at::sigmoid(now[0] + y[0]) * at::tanh(now[2] + y[2]);
        h = at::sigmoid(now[3] + y[3]) * at::tanh(c);
      }
      pieces.push_back(h);
    }
    done = begin + frames;
  }
  pieces.push_back(zeros(layout->total - done));
  return at::cat(pieces, 1);
}

}  // namespace plain
}  // namespace strffit::ops
