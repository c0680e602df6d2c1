#include "ops/lane_recursions.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "ops/autograd.hpp"
#include "ops/lanes.hpp"
#include "ops/share.hpp"
#include "util/errors.hpp"

namespace strffit::ops::lanes {
namespace {

// All lanes of all stimuli, `bands` a stimulus and member.
template <class Lane>
void run(Lane lane, bool on_cpu, Index members, Index bands, const Layout& layout) {
  const auto all = static_cast<int>(layout.segments.size());
  for (int from = 0; from < all; from += Segments::kMost) {
    Segments& some = lane.segments;
    some.number = from;
    some.of = all;
    some.count = std::min(all - from, Segments::kMost);
    for (int i = 0; i < some.count; ++i) {
      const auto& segment = layout.segments[static_cast<std::size_t>(from + i)];
      some.begin[i] = static_cast<int>(segment.begin);
      some.frames[i] = static_cast<int>(segment.frames);
    }
    const Index count = members * some.count * bands;
    if (on_cpu) {
      for (Index i = 0; i < count; ++i) lane(i);
    } else {
#ifdef STRFFIT_CUDA
      launch(lane, count);
#else
      throw Bug("lanes of a GPU in a program without CUDA");
#endif
    }
  }
}

Index stimuli(const Layout& layout) { return static_cast<Index>(layout.segments.size()); }

}  // namespace

bool on_gpu(const Layout& layout) {
#ifdef STRFFIT_CUDA
  return layout.window == 0;
#else
  (void)layout;
  return false;
#endif
}

at::Tensor adaptrans(const at::Tensor& x, const at::Tensor& d_on, const at::Tensor& d_off,
                     const at::Tensor& p, std::int64_t kernel_frames, bool rectify,
                     const LayoutPtr& layout) {
  const auto M = d_on.size(0), F = d_on.size(1), S = layout->total, K = kernel_frames;
  const auto input = x.detach().contiguous();
  const bool shared = x.size(0) == 1, cpu = x.is_cpu();
  const Index stride = shared ? 0 : S * F;
  const auto a_on = share_of(d_on), a_off = share_of(d_off), w = share_of(p);
  auto out = at::zeros({M, S, 2 * F}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "adaptrans_lanes", [&] {
    using T = scalar_t;
    run(AdaptransForward<T>{input.data_ptr<T>(), a_on.data_ptr<T>(), a_off.data_ptr<T>(),
                            w.data_ptr<T>(), out.data_ptr<T>(), stride, S, F, K, rectify},
        cpu, M, F, *layout);
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
                cpu, M, F, *layout);
          }
          if (need_x) {
            run(AdaptransInput<T>{result.data_ptr<T>(), g.data_ptr<T>(), a_on.data_ptr<T>(),
                                  a_off.data_ptr<T>(), w.data_ptr<T>(), dx.data_ptr<T>(), S, F, K,
                                  rectify},
                cpu, M, F, *layout);
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
  const bool cpu = x.is_cpu();
  auto out = at::zeros({M, S, F}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "willmore_lanes", [&] {
    using T = scalar_t;
    run(WillmoreForward<T>{input.data_ptr<T>(), decay.data_ptr<T>(), out.data_ptr<T>(), S, F, K,
                           rectify},
        cpu, M, F, *layout);
  });
  return with_backward(out, {x}, [=, result = out.detach()](const at::Tensor& gradient) {
    const auto g = gradient.contiguous();
    auto dx = at::zeros_like(input);
    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "willmore_lanes_backward", [&] {
      using T = scalar_t;
      run(WillmoreBackward<T>{result.data_ptr<T>(), g.data_ptr<T>(), decay.data_ptr<T>(),
                              dx.data_ptr<T>(), S, F, K, rectify},
          cpu, M, F, *layout);
    });
    return std::vector<at::Tensor>{dx};
  });
}

at::Tensor leaky(const at::Tensor& s, const at::Tensor& d, bool decay_input,
                 const LayoutPtr& layout) {
  const auto input = s.detach().contiguous();
  const auto M = d.size(0), F = d.size(1), S = layout->total;
  const bool cpu = s.is_cpu();
  const auto squared = d.detach().square().contiguous();
  const auto leak = 1 / (1 + squared), A = squared * leak;
  const auto gain = decay_input ? leak : at::ones_like(leak);
  auto y = at::zeros({M, S, F}, s.options());
  AT_DISPATCH_FLOATING_TYPES(s.scalar_type(), "leaky_lanes", [&] {
    using T = scalar_t;
    run(LeakyForward<T>{input.data_ptr<T>(), A.data_ptr<T>(), gain.data_ptr<T>(), y.data_ptr<T>(),
                        S, F},
        cpu, M, F, *layout);
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
              cpu, M, F, *layout);
        });
        // dA/dd = 2 d / (1 + d^2)^2
        return std::vector<at::Tensor>{ds, by_A.sum(1) * 2 * d * leak * leak};
      });
}

}  // namespace strffit::ops::lanes
