// Gradients of the loss by every learnt tensor of every model, in training, against differences.
#include "ops/loss.hpp"
#include "support/gradcheck.hpp"
#include "support/model_text.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "variants.hpp"

namespace strffit::test {
namespace {

constexpr double kStep = 1e-6;

struct Problem {
  std::unique_ptr<Model> model;
  ops::LayoutPtr layout;
  at::Tensor x, target;
  Tensors tensors;
};

Problem problem_of(const std::string& text) {
  Problem p{spec_of(text).build(some_axes(kBands), 2, true), nullptr, {}, {}, {}};
  p.layout = ops::join({13, 1, 8}, p.model->gap());
  const auto real = real_frames(*p.layout);
  p.x = noise({1, p.layout->total, kBands}, 1) * real;
  // Gap frames have no target, and some frames of one member and unit none either.
  p.target = noise({2, p.layout->total, 2}, 2) / real;
  p.target = at::where(at::isfinite(p.target), p.target, at::full_like(p.target, std::nan("")));
  p.target[0].select(1, 1).narrow(0, p.layout->segments[0].begin + 3, 4).fill_(std::nan(""));
  p.tensors = in_type(p.model->start({Random(1), Random(2)}), at::kDouble);
  std::uint64_t seed = 20;
  // Away from the start, but not onto the ends of a range, where a kernel may have a kink.
  for (auto& [name, tensor] : p.tensors) {
    const auto some = noise(tensor.sizes().vec(), ++seed).abs() * 0.1;
    tensor.copy_(largest(tensor) == 0 ? some : tensor / (1 + some));
  }
  return p;
}

// The learnt tensors as leaves of their own, and all tensors with these in their places.
struct Learnt {
  explicit Learnt(const Problem& p) : tensors(p.tensors) {
    for (const auto& entry : p.model->entries()) {
      if (!entry.is_learnt()) continue;
      names.push_back(entry.name);
      leaves.push_back(tensors.at(entry.name).detach().clone().requires_grad_(true));
      tensors[entry.name] = leaves.back();
    }
  }
  Tensors tensors;
  std::vector<std::string> names;
  std::vector<at::Tensor> leaves;
};

// Each member's loss, with weights so that none stands for another.
at::Tensor weighted_loss(const Problem& p, const Tensors& tensors) {
  Tensors own = tensors;
  for (const auto& entry : p.model->entries()) {
    if (entry.role == Role::buffer)
      own[entry.name] = tensors.at(entry.name).clone();  // changed by training
  }
  const auto r = p.model->respond(own, p.x, p.layout, training_pass(2));
  return (ops::loss(r, p.target, ops::Loss::mse) * at::tensor({1.0, -0.7}, at::kDouble)).sum();
}

TEST_CASE("the loss's gradient by every learnt tensor is that of differences") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto p = problem_of(text);
    const Learnt learnt(p);
    const auto& names = learnt.names;
    const auto value = weighted_loss(p, learnt.tensors);
    const auto gradients = ops::gradients(value, at::ones_like(value), learnt.leaves);
    const ops::WithoutGradients guard;
    double total = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      CAPTURE(names[i]);
      for (const std::uint64_t seed : {1, 2}) {  // along two random directions
        const auto direction = noise(gradients[i].sizes().vec(), seed);
        double difference_quotient = 0;
        for (const double sign : {1.0, -1.0}) {
          auto moved = p.tensors;
          moved[names[i]] = p.tensors.at(names[i]) + sign * kStep * direction;
          difference_quotient += sign * weighted_loss(p, moved).item<double>() / (2 * kStep);
        }
        const double found = (gradients[i] * direction).sum().item<double>();
        CHECK(found == doctest::Approx(difference_quotient).epsilon(1e-6).scale(1e-2));
        total += std::abs(found);
      }
    }
    CHECK(total > 1e-3);
  }
}

TEST_CASE("what is learnt has a part in the loss, biases before a batch norm apart") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto p = problem_of(text);
    bool batch_norm = false;
    for (const auto& entry : p.model->entries())
      batch_norm = batch_norm || entry.role == Role::buffer;
    const Learnt learnt(p);
    const auto& names = learnt.names;
    const auto value = weighted_loss(p, learnt.tensors);
    const auto gradients = ops::gradients(value, at::ones_like(value), learnt.leaves);
    for (std::size_t i = 0; i < names.size(); ++i) {
      CAPTURE(names[i]);
      if (batch_norm && names[i].ends_with("/bias")) continue;
      for (std::int64_t m = 0; m < 2; ++m) CHECK(largest(gradients[i][m]) > 1e-9);
    }
  }
}

}  // namespace
}  // namespace strffit::test
