// Gradients cut into windows are those of every frame worked alone (Layout::window).
#include "ops/adaptation.hpp"
#include "ops/convolution.hpp"
#include "ops/lagged_product.hpp"
#include "ops/leaky.hpp"
#include "ops/recurrent.hpp"
#include "weights_of_gates.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

// y (M, S, K) from x (M or 1, S, F).
using Signal = std::function<at::Tensor(const at::Tensor&, const ops::LayoutPtr&)>;

// For every phase: one backward pass from the last frame of each window must leave, at each frame
// of the window, what a backward pass from that last frame alone, uncut, leaves there.
void check_windows(const std::string& name, const Signal& signal, const at::Tensor& x,
                   const ops::LayoutPtr& layout, std::int64_t window) {
  CAPTURE(name);
  CAPTURE(window);
  const auto variable = x.detach().clone().requires_grad_(true);
  const auto whole = signal(variable, layout);
  const auto weight = noise({whole.size(0), 1, whole.size(2)}, 9);
  const auto gradient_at = [&](const at::Tensor& y, const std::vector<std::int64_t>& frames,
                               const at::Tensor& input) {
    auto chosen = at::zeros_like(y);
    for (const auto frame : frames) chosen.narrow(1, frame, 1).copy_(weight);
    return ops::gradients(y, chosen, {input}, true)[0];
  };
  double worst = 0, magnitude = 0;
  for (std::int64_t phase = 0; phase < window; ++phase) {
    const auto cut_layout = ops::with_windows(*layout, window, phase);
    const auto input = x.detach().clone().requires_grad_(true);
    const auto cut = signal(input, cut_layout);
    CHECK(difference(cut, whole) == 0);
    std::vector<std::int64_t> lasts;
    for (const auto& [begin, frames] : layout->segments) {
      for (std::int64_t t = (phase + window - 1) % window; t < frames; t += window)
        lasts.push_back(begin + t);
    }
    const auto together = gradient_at(cut, lasts, input);
    for (const auto last : lasts) {
      const auto alone = gradient_at(whole, {last}, variable);
      for (const auto& [begin, frames] : layout->segments) {
        if (last < begin || last >= begin + frames) continue;
        const auto first = std::max(begin, last - window + 1), length = last - first + 1;
        const double error =
            difference(together.narrow(1, first, length), alone.narrow(1, first, length));
        if (!(error <= worst)) worst = error;
        magnitude = std::max(magnitude, largest(alone));
      }
    }
  }
  CHECK(magnitude > 0.1);
  CHECK(worst < 1e-11);
}

TEST_CASE("gradients cut into windows") {
  const std::int64_t F = 3, H = 2;
  for (const std::int64_t window : {1, 4, 5}) {
    const auto layout = ops::join({13, 1, 9}, 5);
    const auto x = noise({1, layout->total, F}, 1) * real_frames(*layout);
    const auto each = noise({2, layout->total, F}, 2) * real_frames(*layout);

    for (const std::int64_t outputs : {2, 12}) {  // few and many columns
      const auto kernel = noise({2, outputs, 1, F, 4}, 3), bias = noise({2, outputs}, 4);
      const Signal product = [&](const at::Tensor& in, const ops::LayoutPtr& l) {
        return ops::lagged_product(in, kernel, bias, l) * real_frames(*l);
      };
      check_windows("lagged product", product, x, layout, window);
      check_windows("lagged product, x of each member", product, each, layout, window);
    }
    {
      const auto weight = noise({2, 2, 1, 2, 4}, 3), bias = noise({2, 2}, 4);
      const Signal planar = [&](const at::Tensor& in, const ops::LayoutPtr& l) {
        const auto planes = in.transpose(1, 2).unsqueeze(1);
        return ops::convolution(planes, weight, bias, l).flatten(1, 2).transpose(1, 2) *
               real_frames(*l);
      };
      check_windows("convolution", planar, x, layout, window);
      check_windows("convolution, x of each member", planar, each, layout, window);
    }
    const auto a = at::tensor({0.6, 0.9, 0.99}, at::kDouble);
    const auto d = noise({2, F}, 5).abs() + 0.3;
    for (const auto frames :
         {ops::kInfinite, std::int64_t{2}, std::int64_t{3}, std::int64_t{7}, std::int64_t{40}}) {
      for (const bool rectify : {false, true}) {
        const Signal willmore = [&](const at::Tensor& in, const ops::LayoutPtr& l) {
          return ops::willmore(in, a, frames, rectify, l);
        };
        const Signal adaptrans = [&](const at::Tensor& in, const ops::LayoutPtr& l) {
          return ops::adaptrans(in, d, d * 2, d + 0.5, frames, rectify, l);
        };
        check_windows("willmore", willmore, x, layout, window);
        check_windows("adaptrans", adaptrans, x, layout, window);
        check_windows("adaptrans, x of each member", adaptrans, each, layout, window);
      }
    }
    for (const bool decay_input : {true, false}) {
      const Signal leaky = [&](const at::Tensor& in, const ops::LayoutPtr& l) {
        return ops::leaky(in, d, decay_input, l);
      };
      check_windows("leaky", leaky, each, layout, window);
      check_windows("leaky, side by side", leaky, side_by_side(each), layout, window);
    }
    for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
      const auto n = ops::gates(cell) * H;
      const auto weight = noise({2, n, H}, 6), bias = noise({2, n}, 7);
      const Signal recurrent = [&](const at::Tensor& in, const ops::LayoutPtr& l) {
        return ops::recurrent(in, weights_of_gates(weight, bias), cell, l);
      };
      check_windows("recurrent", recurrent, noise({2, layout->total, n}, 8), layout, window);
    }
  }
}

}  // namespace
}  // namespace strffit::test
