#include "model/layers.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "model/kernel.hpp"
#include "model/output.hpp"
#include "ops/convolution.hpp"
#include "ops/dense.hpp"
#include "ops/dropout.hpp"
#include "ops/leaky.hpp"
#include "ops/planar_norm.hpp"
#include "util/text.hpp"

namespace strffit {

std::vector<Entry> DenseLayer::entries() const {
  return {{name_ + "/weight", {outputs_, inputs_}, Role::weight, response_units_},
          {name_ + "/bias", {outputs_}, Role::learnt, response_units_}};
}
void DenseLayer::start(Tensors& member, Random& random) const {
  const double bound = 1 / std::sqrt(static_cast<double>(inputs_));
  fill_uniform(member.at(name_ + "/weight"), bound, random);
  fill_uniform(member.at(name_ + "/bias"), bound, random);
}
at::Tensor DenseLayer::apply(const Tensors& tensors, const at::Tensor& x,
                             const at::Tensor& kept) const {
  const auto& weight = tensors.at(name_ + "/weight");
  return ops::dense(x, kept.defined() ? weight * kept.unsqueeze(1) : weight,
                    tensors.at(name_ + "/bias"));
}

at::Tensor DenseLayer::apply_planar(const Tensors& tensors, const at::Tensor& x) const {
  return ops::dense_of_planar(x, tensors.at(name_ + "/weight"), tensors.at(name_ + "/bias"));
}

std::vector<Entry> NormLayer::entries() const {
  if (norm_ == ops::Norm::none) return {};
  std::vector<Entry> result = {{name_ + "/weight", {channels_}, Role::learnt},
                               {name_ + "/bias", {channels_}, Role::learnt}};
  if (norm_ == ops::Norm::batch) {
    result.push_back({name_ + "/running_mean", {channels_}, Role::buffer});
    result.push_back({name_ + "/running_var", {channels_}, Role::buffer});
  }
  return result;
}
void NormLayer::start(Tensors& member, Random&) const {
  if (norm_ == ops::Norm::none) return;
  member.at(name_ + "/weight").fill_(1);
  member.at(name_ + "/bias").fill_(0);
  if (norm_ == ops::Norm::batch) {
    member.at(name_ + "/running_mean").fill_(0);
    member.at(name_ + "/running_var").fill_(1);
  }
}
ops::NormState NormLayer::state(const Tensors& tensors) const {
  ops::NormState state;
  if (norm_ != ops::Norm::none) {
    state.weight = tensors.at(name_ + "/weight");
    state.bias = tensors.at(name_ + "/bias");
  }
  if (norm_ == ops::Norm::batch) {
    state.running_mean = tensors.at(name_ + "/running_mean");
    state.running_var = tensors.at(name_ + "/running_var");
  }
  return state;
}
at::Tensor NormLayer::apply(const Tensors& tensors, const at::Tensor& z, bool training,
                            const ops::LayoutPtr& layout) const {
  return ops::norm_activation(z, norm_, state(tensors), training, activation_, layout);
}
at::Tensor NormLayer::apply_planar(const Tensors& tensors, const at::Tensor& z, bool training,
                                   const ops::LayoutPtr& layout) const {
  return ops::planar_norm_activation(z, norm_, state(tensors), training, activation_, layout);
}
at::Tensor NormLayer::gain(const Tensors& tensors) const {
  if (norm_ != ops::Norm::batch)
    return at::ones({tensors.begin()->second.size(0), channels_},
                    tensors.begin()->second.options());
  return tensors.at(name_ + "/weight") /
         (tensors.at(name_ + "/running_var") + ops::kNormEpsilon).sqrt();
}

std::vector<Entry> DecayLayer::entries() const { return {{name_ + "/d", {units_}, Role::learnt}}; }
void DecayLayer::start(Tensors& member, Random& random) const {
  auto d = at::empty({units_}, at::kFloat);
  for (std::int64_t i = 0; i < units_; ++i) {
    d.data_ptr<float>()[i] = static_cast<float>(random.exponential(std::sqrt(init_tau_ - 1)));
  }
  member.at(name_ + "/d").copy_(d);
}
at::Tensor DecayLayer::apply(const Tensors& tensors, const at::Tensor& s,
                             const ops::LayoutPtr& layout) const {
  return ops::leaky(s, tensors.at(name_ + "/d"), decay_input_, layout);
}

std::vector<Measure> DecayLayer::measures(const Tensors& tensors, const Axes& axes) const {
  return {{name_ + "/time_constant_ms", (1 + tensors.at(name_ + "/d").square()) * axes.dt_ms}};
}

HiddenOptions read_hidden_options(config::Node& node, const HiddenOptions& fallback) {
  static const std::vector<std::string> norms = {"none", "batch", "layer"};
  const auto norm = node.choice(
      "norm", norms[static_cast<std::size_t>(fallback.norm)], norms,
      "normalisation of the hidden layers: over batch and time, over channels, or none");
  const auto& names = ops::activation_names();
  const auto activation =
      node.choice("activation", names[static_cast<std::size_t>(fallback.activation)], names,
                  "nonlinearity of the hidden layers");
  return {static_cast<ops::Norm>(std::find(norms.begin(), norms.end(), norm) - norms.begin()),
          static_cast<ops::Activation>(std::find(names.begin(), names.end(), activation) -
                                       names.begin())};
}

at::Tensor kept_of(const Pass& pass, double dropout, std::int64_t layer, std::int64_t inputs,
                   at::ScalarType type) {
  if (dropout == 0 || !pass.drops()) return {};
  return ops::kept_units(pass.keys, pass.step, layer, inputs, dropout, type);
}

double read_dropout(config::Node& node) {
  return node.get("dropout", 0.0, config::Range{.low = 0, .high = 1, .high_open = true},
                  "share of the hidden units that each step of training leaves out; 0 is none");
}

std::int64_t read_context(config::Node& node, std::int64_t fallback) {
  return node.get("context", fallback, config::between(1, 10000),
                  "frames that the receptive field looks back, the current one included");
}

std::string read_output(config::Node& node, const std::string& fallback) {
  return node.choice("output", fallback, output_names(), "output nonlinearity");
}

std::int64_t read_frames_ahead(config::Node& node, std::int64_t frames) {
  const auto padding =
      node.choice("padding", "causal", {"causal", "centered"},
                  "causal, or half of each kernel in the future, as in some published code");
  if (padding == "causal") return 0;
  if (frames % 2 == 0) {
    node.fail("padding", fmt::format("centered needs an odd number of frames, not {}", frames));
  }
  return (frames - 1) / 2;
}

}  // namespace strffit
