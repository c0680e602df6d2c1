#include "ops/cuda/lane_operations.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/adamw_constants.hpp"
#include "ops/autograd.hpp"
#include "ops/cuda/gpu.hpp"
#include "ops/cuda/lanes.hpp"
#include "ops/cuda/recorded.hpp"
#include "ops/cuda/teams.hpp"
#include "ops/share.hpp"

namespace strffit::ops::lanes {
namespace {

// Calls work(some) for the stimuli in groups that fit an argument of a kernel.
template <class Work>
void for_some(const std::vector<Segment>& segments, Work&& work) {
  const auto all = static_cast<int>(segments.size());
  Segments some;
  some.of = all;
  for (some.number = 0; some.number < all; some.number += Segments::kMost) {
    some.count = std::min(all - some.number, Segments::kMost);
    for (int i = 0; i < some.count; ++i) {
      const auto& segment = segments[static_cast<std::size_t>(some.number + i)];
      some.begin[i] = static_cast<int>(segment.begin);
      some.frames[i] = static_cast<int>(segment.frames);
    }
    work(some);
  }
}

template <class Lane>
void run_lanes(const Lane& lane, c10::DeviceType type, Index count) {
#ifdef STRFFIT_CUDA
  if (type == c10::DeviceType::CUDA) return launch(lane, count, gpu::current_stream());
#endif
  perform(type, [=] {
    for (Index i = 0; i < count; ++i) lane(i);
  });
}

// Runs all lanes of all stimuli; `bands` lanes per stimulus and member.
template <class Lane>
void run(Lane lane, c10::DeviceType type, Index members, Index bands, const Layout& layout) {
  for_some(layout.segments, [&](const Segments& some) {
    lane.segments = some;
    run_lanes(lane, type, members * some.count * bands);
  });
}

template <class Team>
void run_team(const Team& team, Index number) {
  std::vector<typename Team::Number> shared(static_cast<std::size_t>(team.shared_numbers()));
  for (Index unit = 0; unit < team.H; ++unit) team.start(unit, shared.data());
  for (Index step = 0; step < team.steps(number); ++step) {
    // In varying order, because units of one step must not depend on each other.
    for (Index i = 0; i < team.H; ++i)
      team.step(number, step % 3 == 0 ? team.H - 1 - i : i, step, shared.data());
  }
}

// Runs all teams of all stimuli.
template <class Team>
void run_teams(Team team, c10::DeviceType type, Index members, const Layout& layout) {
  for_some(longest_first(layout), [&](const Segments& some) {
    team.segments = some;
    const Index count = members * ((some.count + Team::kMost - 1) / Team::kMost);
#ifdef STRFFIT_CUDA
    if (type == c10::DeviceType::CUDA) return launch_teams(team, count, gpu::current_stream());
#endif
    perform(type, [=] {
      for (Index number = 0; number < count; ++number) run_team(team, number);
    });
  });
}

Index shared_bytes(Index stimuli, Index H, Cell cell, Index number_bytes) {
  return shared_backward(stimuli, H, gates(cell)) * number_bytes;
}

// Calls use<stimuli>() with as many stimuli per team as shared memory allows.
template <class T, class Use>
void with_team(Index H, Cell cell, Use&& use) {
  if (shared_bytes(4, H, cell, sizeof(T)) <= kSharedBytes) {
    use.template operator()<4>();
  } else {
    use.template operator()<1>();
  }
}

Index stimuli(const Layout& layout) { return static_cast<Index>(layout.segments.size()); }

}  // namespace

bool reach(const at::Tensor& tensor) {
#ifdef STRFFIT_CUDA
  constexpr bool kCompiled = true;
#else
  constexpr bool kCompiled = false;
#endif
  return kCompiled || !tensor.is_cuda();
}

bool on_gpu(const at::Tensor& signal, const Layout& layout) {
  return reach(signal) && layout.window == 0;
}

void adamw(at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& first, at::Tensor& second,
           const at::Tensor& rates, const at::Tensor& decays, const at::Tensor& scales,
           const at::Tensor& corrections) {
  const auto g = gradient.contiguous(), all = scales.defined() ? scales.contiguous() : scales;
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "adamw_lanes", [&] {
    using T = scalar_t;
    run_lanes(Adamw<T>{parameter.data_ptr<T>(), g.data_ptr<T>(), first.data_ptr<T>(),
                       second.data_ptr<T>(), rates.data_ptr<double>(), decays.data_ptr<double>(),
                       scales.defined() ? all.data_ptr<double>() : nullptr,
                       corrections.data_ptr<double>(), kAdamwBeta1, kAdamwBeta2, kAdamwEpsilon,
                       parameter.numel() / rates.size(0)},
              parameter.device().type(), parameter.numel());
  });
}

bool team_fits(const at::Tensor& hidden_weight, Cell cell) {
  return shared_bytes(1, hidden_weight.size(2), cell,
                      static_cast<Index>(hidden_weight.element_size())) <= kSharedBytes;
}

at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout) {
  const auto M = d_on.size(0), F = d_on.size(1), S = layout->total, K = kernel_frames;
  const auto input = x.detach().contiguous();
  const bool shared = x.size(0) == 1;
  const auto type = x.device().type();
  const Index stride = shared ? 0 : S * F;
  const auto a_on = share_of(d_on), a_off = share_of(d_off), w = share_of(p);
  auto out = at::zeros({M, S, 2 * F}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "adaptrans_lanes", [&] {
    using T = scalar_t;
    run(AdaptransForward<T>{input.data_ptr<T>(), a_on.data_ptr<T>(), a_off.data_ptr<T>(),
                            w.data_ptr<T>(), out.data_ptr<T>(), stride, S, F, K, rectify},
        type, M, F, *layout);
  });
  const bool need_x = x.requires_grad();
  const bool need_parameters = d_on.requires_grad() || d_off.requires_grad() || p.requires_grad();
  const std::vector<at::Tensor> shares = {a_on, a_off, w};
  const std::vector<at::Tensor> parameters = {d_on.detach(), d_off.detach(), p.detach()};
  return with_backward(
      out, {x, d_on, d_off, p}, [=, result = out.detach()](const at::Tensor& gradient) {
        const auto g = gradient.contiguous();
        auto dx = need_x ? at::zeros({M, S, F}, input.options()) : at::Tensor();
        auto by = at::zeros({M, stimuli(*layout), 3, F}, input.options());
        AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "adaptrans_lanes_backward", [&] {
          using T = scalar_t;
          if (need_parameters) {
            run(AdaptransBackward<T>{input.data_ptr<T>(), result.data_ptr<T>(), g.data_ptr<T>(),
                                     a_on.data_ptr<T>(), a_off.data_ptr<T>(), w.data_ptr<T>(),
                                     by.data_ptr<T>(), stride, S, F, K, rectify},
                type, M, F, *layout);
          }
          if (need_x) {
            run(AdaptransInput<T>{result.data_ptr<T>(), g.data_ptr<T>(), a_on.data_ptr<T>(),
                                  a_off.data_ptr<T>(), w.data_ptr<T>(), dx.data_ptr<T>(), S, F, K,
                                  rectify},
                type, M, F, *layout);
          }
        });
        if (need_x && shared && M > 1) dx = dx.sum(0, true);
        std::vector<at::Tensor> result_gradients = {dx};
        append_gradients(by.sum(1), parameters, shares, result_gradients);
        return result_gradients;
      });
}

at::Tensor willmore(const at::Tensor& x, const at::Tensor& a, std::int64_t kernel_frames,
                    bool rectify, const LayoutPtr& layout) {
  const auto M = x.size(0), F = x.size(2), S = layout->total, K = kernel_frames;
  const auto input = x.detach().contiguous(), decay = a.detach().to(x.options()).contiguous();
  const auto type = x.device().type();
  auto out = at::zeros({M, S, F}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "willmore_lanes", [&] {
    using T = scalar_t;
    run(WillmoreForward<T>{input.data_ptr<T>(), decay.data_ptr<T>(), out.data_ptr<T>(), S, F, K,
                           rectify},
        type, M, F, *layout);
  });
  return with_backward(out, {x}, [=, result = out.detach()](const at::Tensor& gradient) {
    const auto g = gradient.contiguous();
    auto dx = at::zeros_like(input);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "willmore_lanes_backward", [&] {
      using T = scalar_t;
      run(WillmoreBackward<T>{result.data_ptr<T>(), g.data_ptr<T>(), decay.data_ptr<T>(),
                              dx.data_ptr<T>(), S, F, K, rectify},
          type, M, F, *layout);
    });
    return std::vector<at::Tensor>{dx};
  });
}

at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout) {
  const auto input = s.detach().contiguous();
  const auto M = d.size(0), F = d.size(1), S = layout->total;
  const auto type = s.device().type();
  const auto squared = d.detach().square().contiguous();
  const auto leak = 1 / (1 + squared), A = squared * leak;
  const auto gain = decay_input ? leak : at::ones_like(leak);
  auto y = at::zeros({M, S, F}, s.options());
  AT_DISPATCH_FLOATING_TYPES(s.scalar_type(), "leaky_lanes", [&] {
    using T = scalar_t;
    run(LeakyForward<T>{input.data_ptr<T>(), A.data_ptr<T>(), gain.data_ptr<T>(), y.data_ptr<T>(),
                        S, F},
        type, M, F, *layout);
  });
  return with_backward(
      y, {s, d}, [=, d = d.detach(), own = y.detach()](const at::Tensor& gradient) {
        const auto g = gradient.contiguous();
        auto ds = at::zeros_like(input);
        auto by_A = at::zeros({M, stimuli(*layout), F}, input.options());
        AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "leaky_lanes_backward", [&] {
          using T = scalar_t;
          run(LeakyBackward<T>{input.data_ptr<T>(), own.data_ptr<T>(), g.data_ptr<T>(),
                               A.data_ptr<T>(), gain.data_ptr<T>(), ds.data_ptr<T>(),
                               by_A.data_ptr<T>(), S, F, decay_input},
              type, M, F, *layout);
        });
        // dA/dd = 2 d / (1 + d^2)^2
        return std::vector<at::Tensor>{ds, by_A.sum(1) * 2 * d * leak * leak};
      });
}

at::Tensor recurrent(const at::Tensor& x, const at::Tensor& hidden_weight,
                     const at::Tensor& hidden_bias, Cell cell, const LayoutPtr& layout) {
  const auto input = x.detach().contiguous(), weight = hidden_weight.detach().contiguous(),
             bias = hidden_bias.detach().contiguous();
  const auto by_state = weight.transpose(1, 2).contiguous();
  const auto M = weight.size(0), S = layout->total, H = weight.size(2);
  const auto type = x.device().type();
  const bool lstm = cell == Cell::lstm;
  auto h = at::zeros({M, S, H}, x.options());
  auto saved = at::empty({M, S, kSavedGates * H}, x.options());
  auto cells = at::empty({lstm ? M : 0, S, H}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "recurrent_teams", [&] {
    using T = scalar_t;
    with_team<T>(H, cell, [&]<int stimuli>() {
      run_teams(RecurrentForward<T, stimuli>{{S, H, lstm},
                                             input.data_ptr<T>(),
                                             by_state.data_ptr<T>(),
                                             bias.data_ptr<T>(),
                                             h.data_ptr<T>(),
                                             saved.data_ptr<T>(),
                                             cells.data_ptr<T>()},
                type, M, *layout);
    });
  });
  return with_backward(
      h, {x, hidden_weight, hidden_bias}, [=, own = h.detach()](const at::Tensor& gradient) {
        const auto g = gradient.contiguous();
        auto dx = at::zeros_like(input), dy = lstm ? dx : at::zeros_like(input);
        AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "recurrent_teams_backward", [&] {
          using T = scalar_t;
          with_team<T>(H, cell, [&]<int stimuli>() {
            run_teams(RecurrentBackward<T, stimuli>{{S, H, lstm},
                                                    g.data_ptr<T>(),
                                                    own.data_ptr<T>(),
                                                    saved.data_ptr<T>(),
                                                    cells.data_ptr<T>(),
                                                    weight.data_ptr<T>(),
                                                    dx.data_ptr<T>(),
                                                    dy.data_ptr<T>()},
                      type, M, *layout);
          });
        });
        // The gradient of the weights uses the state before each frame, which is zero at the start.
        auto before = at::constant_pad_nd(own.narrow(1, 0, S - 1), {0, 0, 1, 0});
        if (layout->gap == 0) {
          for (const auto& segment : layout->segments) before.select(1, segment.begin).zero_();
        }
        return std::vector<at::Tensor>{dx, at::matmul(dy.transpose(1, 2), before), dy.sum(1)};
      });
}

}  // namespace strffit::ops::lanes
