// What is learnt of a receptive field, and the kernel that comes of it.
#include <ATen/Functions.h>

#include "config/document.hpp"
#include "model/kernel.hpp"
#include "support/gradcheck.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "support/vector_file.hpp"

namespace strffit::test {
namespace {

std::unique_ptr<Kernel> kernel_of(const std::string& text, const KernelShape& shape) {
  auto document = config::Document::from_text("kernel: " + text + "\n", "fit.yaml");
  auto root = document.root();
  auto node = root.map("kernel", "");
  const auto builder = read_kernel(node).build;
  root.finish();
  return builder(shape);
}

Tensors started(const Kernel& kernel, std::uint64_t seed) {
  Tensors member;
  for (const auto& entry : kernel.entries())
    member[entry.name] = at::zeros(entry.shape, at::kFloat);
  Random random(seed);
  kernel.start(member, random);
  return member;
}

at::Tensor kernel_of_one(const Kernel& kernel, const Tensors& member) {
  Tensors all;
  for (const auto& [name, tensor] : member) all[name] = tensor.unsqueeze(0).to(at::kDouble);
  return kernel.kernel(all)[0];
}

// Pieces whose name starts with `start`: values and gradients of the synthesis.
int check_pieces(const std::string& start,
                 const std::function<std::string(const Shape& first)>& text,
                 const std::string& shaped_by) {
  const VectorFile file("pieces.h5");
  int pieces = 0;
  for (const auto& name : file.children("/")) {
    if (!name.starts_with(start)) continue;
    CAPTURE(name);
    const auto expected = to_tensor(file.doubles(name + "/output"));
    const auto first = file.doubles(name + "/parameters/" + shaped_by).shape;
    const auto kernel = kernel_of(text(first), {.outputs = expected.size(0),
                                                .channels = expected.size(1),
                                                .bands = expected.size(2),
                                                .lags = expected.size(3)});
    const auto names = file.children(name + "/parameters");
    for (const auto type : {at::kDouble, at::kFloat}) {
      std::vector<at::Tensor> values;
      Tensors tensors;
      for (const auto& key : names) {
        values.push_back(
            to_tensor(file.doubles(name + "/parameters/" + key)).to(type).requires_grad_(true));
        tensors["strf/" + key] = values.back().unsqueeze(0);
      }
      const auto found = kernel->kernel(tensors)[0];
      CHECK(relative_difference(found, expected) < (type == at::kDouble ? 1e-12 : 1e-5));
      if (!file.exists(name + "/gradients")) continue;
      const auto gradients =
          ops::gradients(found, to_tensor(file.doubles(name + "/output_weight")).to(type), values);
      for (std::size_t i = 0; i < names.size(); ++i) {
        CAPTURE(names[i]);
        CHECK(relative_difference(gradients[i],
                                  to_tensor(file.doubles(name + "/gradients/" + names[i]))) <
              (type == at::kDouble ? 1e-9 : 1e-4));
      }
    }
    ++pieces;
  }
  return pieces;
}

TEST_CASE("dcls and separable kernels are the reference's") {
  const auto gaussians = [](const Shape& weight) {
    return "{kind: dcls, gaussians: " + std::to_string(weight[2]);
  };
  CHECK(check_pieces(
            "dcls_gaussian_", [&](const Shape& s) { return gaussians(s) + "}"; }, "weight") >= 4);
  CHECK(check_pieces(
            "dcls_bilinear_",
            [&](const Shape& s) { return gaussians(s) + ", interpolation: bilinear}"; },
            "weight") >= 4);
  CHECK(check_pieces(
            "separable_",
            [](const Shape& s) { return "{kind: separable, rank: " + std::to_string(s[2]) + "}"; },
            "frequency") >= 4);
}

TEST_CASE("kernels start within their bounds, the same for the same seed") {
  const KernelShape shape{.outputs = 7, .channels = 2, .bands = 11, .lags = 5};
  const double bound = 1 / std::sqrt(2.0 * 11 * 5);
  for (const std::string text :
       {"{}", "{kind: dcls, gaussians: 6}", "{kind: dcls, interpolation: bilinear}",
        "{kind: separable, rank: 3}"}) {
    CAPTURE(text);
    const auto kernel = kernel_of(text, shape);
    const auto member = started(*kernel, 1), again = started(*kernel, 1),
               other = started(*kernel, 2);
    for (const auto& [name, tensor] : member) {
      CAPTURE(name);
      CHECK(difference(tensor, again.at(name)) == 0);
      if (name != "strf/sigma") CHECK(difference(tensor, other.at(name)) > 0);
    }
    CHECK(largest(member.at("strf/bias")) <= bound);
    CHECK(kernel_of_one(*kernel, member).sizes().vec() == std::vector<std::int64_t>{7, 2, 11, 5});
  }
  const auto full = started(*kernel_of("{}", shape), 1).at("strf/weight");
  CHECK(largest(full) <= bound);
  CHECK(largest(full) > 0.95 * bound);  // of 770 numbers

  const auto dcls = started(*kernel_of("{kind: dcls, gaussians: 50}", shape), 1);
  CHECK(largest(dcls.at("strf/weight")) <= 1 / std::sqrt(2.0 * 50));
  CHECK(difference(dcls.at("strf/sigma"), at::ones({2, 7, 2, 50})) == 0);
  for (const std::int64_t axis : {0, 1}) {
    const auto position = dcls.at("strf/position")[axis];
    const double last = axis == 0 ? 10 : 4;
    CHECK(position.min().item<double>() >= 0);
    CHECK(position.min().item<double>() < 0.05 * last);
    CHECK(position.max().item<double>() <= last);
    CHECK(position.max().item<double>() > 0.95 * last);
  }
  // The product of the profiles has about the spread of a full kernel.
  const auto separable = kernel_of("{kind: separable, rank: 3}", shape);
  const double spread = kernel_of_one(*separable, started(*separable, 1)).std().item<double>();
  CHECK(spread > 0.7 * bound / std::sqrt(3.0));
  CHECK(spread < 1.4 * bound / std::sqrt(3.0));
}

TEST_CASE("positions of dcls stay on the grid") {
  const auto kernel =
      kernel_of("{kind: dcls, gaussians: 2}", {.outputs = 1, .channels = 1, .bands = 4, .lags = 3});
  Tensors tensors{{"strf/position", at::tensor({-1.0, 9.0, 2.5, -0.1}).view({1, 2, 1, 1, 2})}};
  kernel->constrain(tensors);
  CHECK(difference(tensors.at("strf/position").flatten(), at::tensor({0.0, 3.0, 2.0, 0.0})) == 0);
}

TEST_CASE("a kernel imitates another as near as it can") {
  const KernelShape shape{.outputs = 2, .channels = 2, .bands = 6, .lags = 5};
  const auto imitation_error = [&](const std::string& text, const at::Tensor& wanted,
                                   const at::Tensor& metric = {}) {
    const auto kernel = kernel_of(text, shape);
    auto member = started(*kernel, 3);
    kernel->imitate(member, wanted, metric);
    return relative_difference(kernel_of_one(*kernel, member), wanted);
  };
  const auto any = noise({2, 2, 6, 5}, 1);
  const auto rank_two = at::matmul(noise({2, 2, 6, 2}, 2), noise({2, 2, 2, 5}, 3));
  CHECK(imitation_error("{}", any) < 1e-6);
  CHECK(imitation_error("{kind: separable, rank: 5}", any) < 1e-5);
  CHECK(imitation_error("{kind: separable, rank: 9}", any) < 1e-5);
  CHECK(imitation_error("{kind: separable, rank: 2}", rank_two) < 1e-5);
  CHECK(imitation_error("{kind: separable, rank: 1}", rank_two) > 0.1);
  // One bump on each of all 30 points is exact; a few take the largest part of what is smooth.
  CHECK(imitation_error("{kind: dcls, gaussians: 30, interpolation: bilinear}", any) < 1e-6);
  const auto f = at::arange(6, at::kDouble).unsqueeze(1), l = at::arange(5, at::kDouble);
  const auto lobe = at::exp(-((f - 2).square() + (l - 1).square()) / 2).expand({2, 2, 6, 5});
  CHECK(imitation_error("{kind: dcls, gaussians: 2}", lobe) < 0.05);
  // What can be imitated exactly is by any metric too.
  const auto mixed = noise({60, 60}, 4).to(at::kDouble);
  const auto metric = at::matmul(mixed, mixed.t());
  CHECK(imitation_error("{kind: separable, rank: 2}", rank_two, metric) < 1e-4);
}

TEST_CASE("a kernel that imitates by a metric is nearer by it") {
  // Reference: the squared difference by the metric, of correlated inputs as sounds are.
  const KernelShape shape{.outputs = 2, .channels = 2, .bands = 6, .lags = 5};
  const auto wanted = noise({2, 2, 6, 5}, 1);
  const auto mixed = at::cumsum(noise({60, 60}, 4).to(at::kDouble), 0);
  const auto metric = at::matmul(mixed, mixed.t());
  for (const std::string text : {"{kind: separable, rank: 1}", "{kind: dcls, gaussians: 4}",
                                 "{kind: dcls, gaussians: 4, interpolation: bilinear}"}) {
    CAPTURE(text);
    const auto kernel = kernel_of(text, shape);
    const auto error = [&](const at::Tensor& by) {
      auto member = started(*kernel, 3);
      kernel->imitate(member, wanted, by);
      const auto difference =
          (kernel_of_one(*kernel, member) - wanted).to(at::kDouble).view({2, 60});
      return at::sum(at::matmul(difference, metric) * difference, 1);
    };
    CHECK((error(metric) < 0.7 * error({})).all().item<bool>());
  }
}

TEST_CASE("a kernel imitates for one of its outputs, whose tensors are views") {
  // Reference: the same field alone. A population starts unit by unit so.
  const auto wanted = noise({1, 2, 6, 5}, 1);
  for (const std::string text : {"{}", "{kind: separable, rank: 2}", "{kind: dcls, gaussians: 4}",
                                 "{kind: dcls, gaussians: 4, interpolation: bilinear}"}) {
    CAPTURE(text);
    const auto alone = kernel_of(text, {.outputs = 1, .channels = 2, .bands = 6, .lags = 5});
    auto one = started(*alone, 3);
    alone->imitate(one, wanted, {});
    const auto several = kernel_of(text, {.outputs = 3, .channels = 2, .bands = 6, .lags = 5});
    auto member = started(*several, 3);
    const auto before = kernel_of_one(*several, member).clone();
    Tensors view;
    for (auto& [name, tensor] : member) {
      const bool places = name == "strf/position" || name == "strf/sigma";
      view[name] = tensor.narrow(places ? 1 : 0, 2, 1);
    }
    several->imitate(view, wanted, {});
    const auto after = kernel_of_one(*several, member);
    CHECK(difference(after[2], kernel_of_one(*alone, one)[0]) < 1e-6);
    CHECK(difference(after.narrow(0, 0, 2), before.narrow(0, 0, 2)) == 0);
  }
}

TEST_CASE("what decays of a kernel, and what is in units of the response") {
  const KernelShape shape{
      .outputs = 2, .channels = 1, .bands = 3, .lags = 2, .response_units = true};
  const auto described = [&](const std::string& text) {
    std::string all;
    for (const auto& entry : kernel_of(text, shape)->entries()) {
      all += entry.name.substr(5) + (entry.role == Role::weight ? "*" : "") +
             (entry.response_units ? "! " : " ");
    }
    return all;
  };
  CHECK(described("{}") == "weight*! bias! ");
  CHECK(described("{kind: dcls}") == "weight*! position sigma bias! ");
  CHECK(described("{kind: dcls, interpolation: bilinear}") == "weight*! position bias! ");
  CHECK(described("{kind: separable}") == "frequency*! time* bias! ");
}

}  // namespace
}  // namespace strffit::test
