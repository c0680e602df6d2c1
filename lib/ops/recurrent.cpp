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

template <class T>
void gru_forward(const T* x, const T* y, const T* before, T* h, T* saved, Index H) {
  for (Index j = 0; j < H; ++j) {
    const T r = sigmoid(x[j] + y[j]), z = sigmoid(x[H + j] + y[H + j]);
    const T n = tanh_of(x[2 * H + j] + r * y[2 * H + j]);
    h[j] = (1 - z) * n + z * before[j];
    saved[j] = r;
    saved[H + j] = z;
    saved[2 * H + j] = n;
    saved[3 * H + j] = y[2 * H + j];
  }
}

// dh -> gradients of x and y (3 H each), and of the state before by the direct way.
template <class T>
void gru_backward(const T* dh, const T* before, const T* saved, T* dx, T* dy, T* to_before,
                  Index H) {
  for (Index j = 0; j < H; ++j) {
    const T r = saved[j], z = saved[H + j], n = saved[2 * H + j], y = saved[3 * H + j];
    const T dn = dh[j] * (1 - z) * (1 - n * n), dz = dh[j] * (before[j] - n) * z * (1 - z);
    const T dr = dn * y * r * (1 - r);
    dx[j] = dy[j] = dr;
    dx[H + j] = dy[H + j] = dz;
    dx[2 * H + j] = dn;
    dy[2 * H + j] = dn * r;
    to_before[j] = dh[j] * z;
  }
}

template <class T>
void lstm_forward(const T* x, const T* y, const T* cell_before, T* cell, T* h, T* saved, Index H) {
  for (Index j = 0; j < H; ++j) {
    const T i = sigmoid(x[j] + y[j]), f = sigmoid(x[H + j] + y[H + j]);
    const T g = tanh_of(x[2 * H + j] + y[2 * H + j]), o = sigmoid(x[3 * H + j] + y[3 * H + j]);
    cell[j] = f * cell_before[j] + i * g;
    h[j] = o * tanh_of(cell[j]);
    saved[j] = i;
    saved[H + j] = f;
    saved[2 * H + j] = g;
    saved[3 * H + j] = o;
  }
}

// dc: gradient of the cell from later frames, replaced by that of the cell before.
template <class T>
void lstm_backward(const T* dh, T* dc, const T* cell, const T* cell_before, const T* saved, T* dx,
                   Index H) {
  for (Index j = 0; j < H; ++j) {
    const T i = saved[j], f = saved[H + j], g = saved[2 * H + j], o = saved[3 * H + j],
            c = tanh_of(cell[j]);
    const T d = dc[j] + dh[j] * o * (1 - c * c);
    dx[j] = d * g * i * (1 - i);
    dx[H + j] = d * cell_before[j] * f * (1 - f);
    dx[2 * H + j] = d * i * (1 - g * g);
    dx[3 * H + j] = dh[j] * c * o * (1 - o);
    dc[j] = d * f;
  }
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
  const auto size = [&](Index k) { return static_cast<std::size_t>(batch * k); };
  std::vector<T> state(size(H), T(0)), cell(size(H), T(0)), y(size(n));
  // Input-major: the rows of a product of few rows with it are read in order.
  std::vector<T> transposed(static_cast<std::size_t>(n * H));
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < H; ++j)
      transposed[static_cast<std::size_t>(j * n + i)] = b.weight[i * H + j];
  }
  std::fill_n(b.h, layout.total * H, T(0));
  for (Index t = 0; t < segments.front().frames; ++t) {
    const auto rows = running(segments, t);
    for (Index i = 0; i < rows; ++i) std::copy_n(b.bias, n, &y[static_cast<std::size_t>(i * n)]);
    gemm(false, false, rows, n, H, state.data(), H, transposed.data(), n, T(1), y.data(), n);
    for (Index i = 0; i < rows; ++i) {
      const auto at = segments[static_cast<std::size_t>(i)].begin + t;
      T *s = &state[static_cast<std::size_t>(i * H)], *c = &cell[static_cast<std::size_t>(i * H)];
      const T* gate = &y[static_cast<std::size_t>(i * n)];
      if (kind == Cell::gru) {
        gru_forward(b.x + at * n, gate, s, b.h + at * H, b.saved + at * kSaved * H, H);
      } else {
        lstm_forward(b.x + at * n, gate, c, b.cell + at * H, b.h + at * H,
                     b.saved + at * kSaved * H, H);
        std::copy_n(b.cell + at * H, H, c);
      }
      std::copy_n(b.h + at * H, H, s);
    }
  }
}

// dx (S, G H), dy (S, G H, zero at gap frames; may be dx itself for lstm).
template <class T>
void recurrent_backward(const Buffers<T>& b, const T* g, T* dx, T* dy, Index H, Cell kind,
                        const Layout& layout) {
  const auto segments = longest_first(layout);
  const auto n = gates(kind) * H, batch = static_cast<Index>(segments.size());
  const auto size = [&](Index k) { return static_cast<std::size_t>(batch * k); };
  std::vector<T> adjoint(size(H), T(0)), cell_adjoint(size(H), T(0)), dh(size(H)), direct(size(H)),
      gate(size(n));
  const std::vector<T> zero(static_cast<std::size_t>(H), T(0));
  std::fill_n(dx, layout.total * n, T(0));
  std::fill_n(dy, layout.total * n, T(0));
  for (Index t = segments.front().frames - 1; t >= 0; --t) {
    const auto rows = running(segments, t);
    for (Index i = 0; i < rows; ++i) {
      const auto at = segments[static_cast<std::size_t>(i)].begin + t, from = i * H;
      T *d = &dh[static_cast<std::size_t>(from)], *later = &adjoint[static_cast<std::size_t>(from)];
      T* cell_later = &cell_adjoint[static_cast<std::size_t>(from)];
      const bool cut = layout.window > 0 && t + 1 < segments[static_cast<std::size_t>(i)].frames &&
                       layout.window_of(t) != layout.window_of(t + 1);
      if (cut) {
        std::fill_n(later, H, T(0));
        std::fill_n(cell_later, H, T(0));
      }
      for (Index j = 0; j < H; ++j) d[j] = g[at * H + j] + later[j];
      const T* saved = b.saved + at * kSaved * H;
      if (kind == Cell::gru) {
        gru_backward(d, t > 0 ? b.h + (at - 1) * H : zero.data(), saved, dx + at * n, dy + at * n,
                     &direct[static_cast<std::size_t>(from)], H);
      } else {
        lstm_backward(d, cell_later, b.cell + at * H, t > 0 ? b.cell + (at - 1) * H : zero.data(),
                      saved, dx + at * n, H);
        std::fill_n(&direct[static_cast<std::size_t>(from)], H, T(0));
      }
      std::copy_n((kind == Cell::gru ? dy : dx) + at * n, n,
                  &gate[static_cast<std::size_t>(i * n)]);
    }
    std::copy_n(direct.data(), rows * H, adjoint.data());
    gemm(false, false, rows, H, n, gate.data(), n, b.weight, H, T(1), adjoint.data(), H);
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
