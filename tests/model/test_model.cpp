// What all kinds share: names, starting values, members.
#include "ops/norm.hpp"
#include "support/model_text.hpp"
#include "support/tensors.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit::test {
namespace {

std::unique_ptr<Model> model_of(const std::string& text, std::int64_t outputs = 3) {
  return spec_of(text).build(some_axes(10), outputs, true);
}

TEST_CASE("a member starts from its own random numbers, whoever starts beside it") {
  const auto model =
      model_of("{kind: dnet, hidden: 4, kernel: {kind: dcls}, prefilter: {kind: adaptrans}}");
  const auto several = model->start({Random(5), Random(6), Random(5, {1})});
  const auto alone = model->start({Random(6)});
  for (const auto& entry : model->entries()) {
    CAPTURE(entry.name);
    const auto& tensor = several.at(entry.name);
    CHECK(tensor.is_contiguous());
    CHECK((tensor.scalar_type() == at::kFloat));
    CHECK(difference(tensor.narrow(0, 1, 1), alone.at(entry.name)) == 0);
  }
  for (const std::string name :
       {"strf/weight", "strf/position", "readout/weight", "hidden_decay/d"}) {
    CHECK(difference(several.at(name)[0], several.at(name)[1]) > 0);
    CHECK(difference(several.at(name)[0], several.at(name)[2]) > 0);
  }
}

TEST_CASE("learnt numbers are counted") {
  // Reference: the table of formats.md. F = 10, L = 4, N = 3.
  CHECK(model_of("{kind: linear, context: 4}")->parameter_count() == 3 * 10 * 4 + 3);
  CHECK(model_of("{kind: ln, context: 4}")->parameter_count() == 3 * 10 * 4 + 3 + 4 * 3);
  CHECK(model_of("{kind: ln, context: 4, output: relu, kernel: {kind: dcls, gaussians: 5}}")
            ->parameter_count() == 3 * 5 * (1 + 2 + 2) + 3);
  CHECK(model_of("{kind: nrf, context: 4, hidden: 7, norm: batch, output: relu}")
            ->parameter_count() == 7 * 40 + 7 + 14 + 3 * 7 + 3);
  CHECK(model_of("{kind: nrf, context: 4, hidden: 7, norm: none, output: relu, prefilter: {kind: "
                 "adaptrans}}")
            ->parameter_count() == 30 + 7 * 80 + 7 + 3 * 7 + 3);
  CHECK(model_of("{kind: linear, context: 4, prefilter: {kind: adaptrans, learnable: false}}")
            ->parameter_count() == 3 * 80 + 3);
}

TEST_CASE("members are selected by number, in any order, as copies") {
  const auto model = model_of("{kind: nrf}");
  const auto all = model->start({Random(1), Random(2), Random(3)});
  auto some = select_members(all, {2, 0});
  CHECK(some.size() == all.size());
  for (auto& [name, tensor] : some) {
    CHECK(difference(tensor[0], all.at(name)[2]) == 0);
    CHECK(difference(tensor[1], all.at(name)[0]) == 0);
    tensor.fill_(7);
  }
  CHECK(largest(all.at("norm/weight") - 1) == 0);
}

TEST_CASE("an optimiser step ends with every parameter in its range") {
  const auto model = model_of("{kind: ln, kernel: {kind: dcls}}");
  auto tensors = model->start({Random(1)});
  for (auto& [name, tensor] : tensors) tensor.fill_(-3).requires_grad_(true);
  model->constrain(tensors);
  CHECK(tensors.at("strf/position").min().item<float>() == 0);
  CHECK(tensors.at("output/b").min().item<float>() == 0);
  CHECK(tensors.at("strf/weight").max().item<float>() == -3);
}

TEST_CASE("a model says what it can do before any data is known") {
  const auto flags = [](const std::string& text) {
    const auto spec = spec_of(text);
    return spec.kind + (spec.has_kernels ? " kernels" : "") + (spec.closed_form ? " ridge " : " ") +
           spec.output;
  };
  CHECK(flags("{kind: linear}") == "linear kernels ridge identity");
  CHECK(flags("{kind: ln}") == "ln kernels ridge parametric_sigmoid");
  CHECK(flags("{kind: linear, padding: centered}") == "linear kernels identity");
  CHECK(flags("{kind: nrf}") == "nrf kernels parametric_sigmoid");
  CHECK(flags("{kind: dnet, output: relu}") == "dnet kernels relu");
  CHECK(flags("{kind: conv2d}") == "conv2d parametric_sigmoid");
  CHECK(flags("{kind: statenet}") == "statenet parametric_softplus");
}

TEST_CASE("the defaults are those of the table of models.md") {
  const auto model = model_of("{kind: nrf}");
  CHECK(model->context() == 9);
  CHECK(model_of("{kind: linear}")->context() == 9);
  CHECK(model_of("{kind: conv2d}")->context() == 25);
  CHECK(model_of("{kind: statenet}")->context() == 9);
  const auto names = [&](const std::string& text) {
    const auto built = model_of(text);
    std::string all;
    for (const auto& entry : built->entries()) all += entry.name + " ";
    return all;
  };
  CHECK(names("{kind: nrf}") ==
        "strf/weight strf/bias norm/weight norm/bias norm/running_mean norm/running_var "
        "readout/weight readout/bias "
        "output/a output/b output/c output/d ");
  CHECK(names("{kind: linear}") == "strf/weight strf/bias ");
  CHECK(names("{kind: statenet}") ==
        "local/weight local/bias norm/weight norm/bias recurrent/input_weight "
        "recurrent/hidden_weight "
        "recurrent/input_bias recurrent/hidden_bias readout/weight readout/bias output/a output/b "
        "output/c output/d ");
}

TEST_CASE("batch norm is folded into exported kernels, layer norm is not") {
  for (const std::string norm : {"batch", "layer", "none"}) {
    CAPTURE(norm);
    const auto model = model_of("{kind: nrf, hidden: 4, norm: " + norm + "}");
    auto tensors = in_type(model->start({Random(1), Random(2)}), at::kDouble);
    at::Tensor gain = at::ones({2, 4}, at::kDouble);
    if (norm == "batch") {
      tensors.at("norm/weight").copy_(noise({2, 4}, 1));
      tensors.at("norm/running_var").copy_(noise({2, 4}, 2).square());
      gain = tensors.at("norm/weight") / (tensors.at("norm/running_var") + 1e-5).sqrt();
    }
    CHECK(difference(*model->kernels(tensors),
                     tensors.at("strf/weight") * gain.view({2, 4, 1, 1, 1})) < 1e-12);
  }
}

}  // namespace
}  // namespace strffit::test
