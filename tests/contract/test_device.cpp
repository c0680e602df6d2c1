// What a GPU asks of every model, asked on a machine without one.
#include "ops/loss.hpp"
#include "support/far_device.hpp"
#include "support/gradcheck.hpp"
#include "support/model_text.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "variants.hpp"

namespace strffit::test {
namespace {

Tensors on(at::DeviceType device, const Tensors& tensors) {
  Tensors result;
  for (const auto& [name, tensor] : tensors)
    result[name] = tensor.to(device, tensor.scalar_type(), false, true);
  return result;
}

struct Step {
  at::Tensor loss;
  Tensors gradients, tensors;  // after training, buffers changed
};

// The loss in training and its gradients, on `device`.
Step step_on(at::DeviceType device, const Model& model, const Tensors& start, const at::Tensor& x,
             const at::Tensor& target, const ops::LayoutPtr& layout) {
  Step step{{}, {}, on(device, start)};
  const auto input = x.to(device), wanted = target.to(device);
  auto pass = training_pass(3);
  pass.keys = pass.keys.to(device);
  pass.step = pass.step.to(device);
  model.respond(step.tensors, input, layout);  // brings there what stays there
  const auto before = far_transfers();
  std::vector<std::string> names;
  std::vector<at::Tensor> leaves;
  for (const auto& entry : model.entries()) {
    if (!entry.is_learnt()) continue;
    names.push_back(entry.name);
    leaves.push_back(step.tensors.at(entry.name).requires_grad_(true));
  }
  step.loss = ops::loss(model.respond(step.tensors, input, layout, pass), wanted, ops::Loss::mse);
  const auto gradients = ops::gradients(step.loss, at::ones_like(step.loss), leaves);
  model.constrain(step.tensors);
  // Nothing of it waited for the device.
  CHECK(far_transfers().to_far == before.to_far);
  CHECK(far_transfers().from_far == before.from_far);
  for (std::size_t i = 0; i < names.size(); ++i) step.gradients[names[i]] = gradients[i];
  return step;
}

TEST_CASE("a step on another device is the CPU's, and asks that device for nothing on its way") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto model = spec_of(text).build(some_axes(kBands), 2, true);
    const auto layout = ops::join({13, 1, 8}, model->gap());
    const auto start = in_type(model->start({Random(1), Random(2), Random(3)}), at::kDouble);
    const auto real = real_frames(*layout);
    const auto x = noise({1, layout->total, kBands}, 1) * real;
    const auto target =
        at::where(real > 0, noise({3, layout->total, 2}, 2), at::full_like(real, std::nan("")));
    const auto here = step_on(at::kCPU, *model, start, x, target, layout),
               there = step_on(kFar, *model, start, x, target, layout);
    CHECK((there.loss.device().type() == kFar));
    CHECK(relative_difference(there.loss.to(at::kCPU), here.loss) < 1e-11);
    for (const auto& [name, gradient] : here.gradients) {
      CAPTURE(name);
      CHECK(relative_difference(there.gradients.at(name).to(at::kCPU), gradient) < 1e-9);
    }
    for (const auto& [name, tensor] : here.tensors) {
      CAPTURE(name);
      CHECK(relative_difference(there.tensors.at(name).to(at::kCPU), tensor) < 1e-11);
    }
  }
}

}  // namespace
}  // namespace strffit::test
