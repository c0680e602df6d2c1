#include "ops/recurrent.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "ops/activation.hpp"
#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "ops/grid.hpp"
#include "ops/lane_operations.hpp"
#include "ops/repeated_product.hpp"
#include "ops/teams.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

// Of stimuli, longest first, those that still run at frame t are the first so many.
Index running(const std::vector<Segment>& segments, Index t) {
  return std::partition_point(segments.begin(), segments.end(),
                              [t](const auto& s) { return s.frames > t; }) -
         segments.begin();
}

constexpr Index kSaved = lanes::kSavedGates;

// work(from, to) for units 0 .. H - 1 in stretches that fill registers: the last of them reaches
// back over units that have been worked already, so what is worked may not depend on what it
// replaces.
template <class Work>
void for_units(Index H, Work&& work) {
  constexpr Index kAtOnce = 16;
  const auto whole = H / kAtOnce * kAtOnce;
  if (whole > 0) work(Index{0}, whole);
  if (whole < H) work(std::max(Index{0}, H - kAtOnce), H);
}

// One frame: x and y, what input and state contribute to the gates -> h.
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

// g + later, the gradient of h -> gradients of x and y (3 H each), and of the state before by the
// direct way.
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

// cell_later: gradient of the cell from later frames; to_cell_before: that of the cell before.
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

template <class T>
struct Buffers {
  const T *x, *weight, *bias;  // (S, G H), (G H, H), (G H)
  T *h, *saved, *cell;         // (S, H), (S, 4 H), (S, H) for lstm, else null
};

template <class T>
void recurrent_forward(const Buffers<T>& b, Index H, Cell kind, const Layout& layout) {
  const auto segments = longest_first(layout);
  const auto n = gates(kind) * H, batch = static_cast<Index>(segments.size());
  const RepeatedProduct<T> product(b.weight, H, n, 1, H);
  const auto padded = product.padded();
  const std::vector<T> zero(static_cast<std::size_t>(H), T(0));
  std::vector<T> bias(static_cast<std::size_t>(padded), T(0)),
      y(static_cast<std::size_t>(batch * padded));
  std::copy_n(b.bias, n, bias.data());
  std::vector<const T*> before(static_cast<std::size_t>(batch), zero.data());
  std::fill_n(b.h, layout.total * H, T(0));
  for (Index t = 0; t < segments.front().frames; ++t) {
    const auto rows = running(segments, t);
    product(rows, before.data(), bias.data(), 0, y.data());
    for (Index i = 0; i < rows; ++i) {
      const auto at = segments[static_cast<std::size_t>(i)].begin + t;
      const T* gate = &y[static_cast<std::size_t>(i * padded)];
      auto& state = before[static_cast<std::size_t>(i)];
      if (kind == Cell::gru) {
        gru_forward(b.x + at * n, gate, state, b.h + at * H, b.saved + at * kSaved * H, H);
      } else {
        lstm_forward(b.x + at * n, gate, t > 0 ? b.cell + (at - 1) * H : zero.data(),
                     b.cell + at * H, b.h + at * H, b.saved + at * kSaved * H, H);
      }
      state = b.h + at * H;
    }
  }
}

// dx (S, G H), dy (S, G H, zero at gap frames; may be dx itself for lstm).
template <class T>
void recurrent_backward(const Buffers<T>& b, const T* g, T* dx, T* dy, Index H, Cell kind,
                        const Layout& layout) {
  const auto segments = longest_first(layout);
  const auto n = gates(kind) * H, batch = static_cast<Index>(segments.size());
  const RepeatedProduct<T> product(b.weight, n, H, H, 1);
  const auto padded = product.padded();
  // Gradients of the states and cells from later frames, and those for the frames before.
  const auto size = static_cast<std::size_t>(batch * padded);
  std::vector<T> later(size, T(0)), next(size, T(0)), cell_later(size, T(0)), cell_next(size, T(0));
  const std::vector<T> zero(static_cast<std::size_t>(H), T(0));
  std::vector<const T*> gate(static_cast<std::size_t>(batch));
  std::fill_n(dx, layout.total * n, T(0));
  if (dy != dx) std::fill_n(dy, layout.total * n, T(0));
  for (Index t = segments.front().frames - 1; t >= 0; --t) {
    const auto rows = running(segments, t);
    for (Index i = 0; i < rows; ++i) {
      const auto& [begin, frames] = segments[static_cast<std::size_t>(i)];
      const auto at = begin + t;
      const auto from = static_cast<std::size_t>(i * padded);
      const bool cut =
          layout.window > 0 && t + 1 < frames && layout.window_of(t) != layout.window_of(t + 1);
      if (cut) {
        std::fill_n(&later[from], H, T(0));
        std::fill_n(&cell_later[from], H, T(0));
      }
      const T *saved = b.saved + at * kSaved * H, *own = g + at * H;
      if (kind == Cell::gru) {
        gru_backward(own, &later[from], t > 0 ? b.h + (at - 1) * H : zero.data(), saved,
                     dx + at * n, dy + at * n, &next[from], H);
      } else {
        lstm_backward(own, &later[from], &cell_later[from], b.cell + at * H,
                      t > 0 ? b.cell + (at - 1) * H : zero.data(), saved, dx + at * n, &next[from],
                      &cell_next[from], H);
      }
      gate[static_cast<std::size_t>(i)] = dy + at * n;
    }
    product(rows, gate.data(), next.data(), padded, next.data());
    later.swap(next);
    cell_later.swap(cell_next);
  }
}

}  // namespace

at::Tensor recurrent(const at::Tensor& x, const at::Tensor& hidden_weight,
                     const at::Tensor& hidden_bias, Cell cell, const LayoutPtr& layout) {
  if (!x.is_cpu()) {
    return lanes::on_gpu(x, *layout) && lanes::team_fits(hidden_weight, cell)
               ? lanes::recurrent(x, hidden_weight, hidden_bias, cell, layout)
               : plain::recurrent(x, hidden_weight, hidden_bias, cell, layout);
  }
  const auto input = x.detach().contiguous(), weight = hidden_weight.detach().contiguous(),
             bias = hidden_bias.detach().contiguous();
  const auto M = weight.size(0), S = input.size(1), H = weight.size(2), n = weight.size(1);
  auto h = empty_signal({M, S, H}, x.options()),
       saved = empty_signal({M, S, kSaved * H}, x.options());
  auto cells = cell == Cell::lstm ? at::empty({M, S, H}, x.options()) : at::Tensor();
  const auto buffers = [=]<class T>(Index m, const at::Tensor& states) {
    return Buffers<T>{input.template data_ptr<T>() + m * S * n,
                      weight.template data_ptr<T>() + m * n * H,
                      bias.template data_ptr<T>() + m * n,
                      states.template data_ptr<T>() + m * S * H,
                      saved.template data_ptr<T>() + m * S * kSaved * H,
                      cells.defined() ? cells.template data_ptr<T>() + m * S * H : nullptr};
  };
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "recurrent", [&] {
    for (Index m = 0; m < M; ++m)
      recurrent_forward(buffers.template operator()<scalar_t>(m, h), H, cell, *layout);
  });
  return with_backward(
      h, {x, hidden_weight, hidden_bias}, [=, own = h.detach()](const at::Tensor& gradient) {
        const auto g = gradient.contiguous();
        auto dx = empty_signal(input.sizes(), input.options()),
             dy = cell == Cell::gru ? empty_signal(input.sizes(), input.options()) : dx;
        auto dw = at::zeros_like(weight);
        AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "recurrent_backward", [&] {
          for (Index m = 0; m < M; ++m) {
            auto *to_x = dx.data_ptr<scalar_t>() + m * S * n,
                 *to_y = dy.data_ptr<scalar_t>() + m * S * n;
            recurrent_backward(buffers.template operator()<scalar_t>(m, own),
                               g.data_ptr<scalar_t>() + m * S * H, to_x, to_y, H, cell, *layout);
            for (const auto& [begin, frames] :
                 layout->segments) {  // each gate meets the state before it
              gemm(true, false, n, H, frames - 1, to_y + (begin + 1) * n, n,
                   own.data_ptr<scalar_t>() + (m * S + begin) * H, H, scalar_t(1),
                   dw.data_ptr<scalar_t>() + m * n * H, H);
            }
          }
        });
        return std::vector<at::Tensor>{dx, dw, sum_over_frames(dy)};
      });
}

namespace plain {

at::Tensor recurrent(const at::Tensor& x, const at::Tensor& hidden_weight,
                     const at::Tensor& hidden_bias, Cell cell, const LayoutPtr& layout) {
  const auto M = hidden_weight.size(0), H = hidden_weight.size(2);
  const auto weight = hidden_weight.transpose(1, 2);
  const auto zeros = [&](Index frames) { return at::zeros({M, frames, H}, x.options()); };
  std::vector<at::Tensor> pieces;
  Index done = 0;
  for (const auto& [begin, frames] : layout->segments) {
    pieces.push_back(zeros(begin - done));
    auto h = zeros(1), c = zeros(1);
    for (Index t = begin; t < begin + frames; ++t) {
      const auto now = x.narrow(1, t, 1).chunk(gates(cell), 2);
      const auto y = (at::matmul(h, weight) + hidden_bias.unsqueeze(1)).chunk(gates(cell), 2);
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
