#include "model/statenet.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "model/kernel.hpp"
#include "model/output.hpp"
#include "ops/autograd.hpp"
#include "ops/lagged_product.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

// Tensors whose starting values are uniform in +-bound.
class UniformTensors : public Part {
 public:
  UniformTensors(std::vector<Entry> entries, double bound)
      : entries_(std::move(entries)), bound_(bound) {}
  std::vector<Entry> entries() const override { return entries_; }
  void start(Tensors& member, Random& random) const override {
    for (const auto& entry : entries_) fill_uniform(member.at(entry.name), bound_, random);
  }

 private:
  std::vector<Entry> entries_;
  double bound_;
};

std::int64_t positions_of(const StatenetOptions& options, std::int64_t bands) {
  if (bands < options.bands) {
    throw DataError(
        "model.kernel_frequency", "",
        fmt::format("a local layer of {} does not fit into the {} of the dataset; choose "
                    "a smaller one",
                    counted(options.bands, "band"), counted(bands, "band")));
  }
  return (bands - options.bands) / options.stride + 1;
}

}  // namespace

at::Tensor locally_connected(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             std::int64_t bands, std::int64_t stride, const ops::LayoutPtr& layout,
                             bool own_input) {
  // A kernel over all bands. It is zero outside the bands of each position.
  const auto M = weight.size(0), P = weight.size(1), channels = weight.size(2), C = weight.size(3),
             lags = weight.dim() == 6 ? weight.size(5) : 1;
  const auto row = C * bands * lags, position = channels * row;
  std::vector<std::int64_t> strides{P * position, position + stride * lags, row, bands * lags,
                                    lags};
  if (weight.dim() == 6) strides.push_back(1);
  // Views of the bands of each position in this kernel.
  const auto own = [sizes = weight.sizes().vec(), strides](const at::Tensor& kernels) {
    return kernels.as_strided(sizes, strides);
  };
  auto kernel = at::zeros({M, P * channels, C, bands, lags}, weight.options());
  own(kernel).copy_(weight.detach());
  kernel = ops::with_backward(kernel, {weight}, [own](const at::Tensor& gradient) {
    return std::vector<at::Tensor>{own(gradient.contiguous()).contiguous()};
  });
  return ops::lagged_product(x, kernel, bias.reshape({M, P * channels}), layout, 0, own_input);
}

Statenet::Statenet(const StatenetOptions& options, const BackboneShape& shape)
    : options_(options), shape_(shape), positions_(positions_of(options, shape.bands)) {
  const auto inputs = options.channels * positions_;
  if (options_.hidden == 0) options_.hidden = inputs;
  const auto H = options_.hidden, n = ops::gates(options.cell) * H;
  std::vector<std::int64_t> local{positions_, options.channels, shape.channels, options.bands};
  if (options.frames > 1) local.push_back(options.frames);
  add(std::make_unique<UniformTensors>(
      std::vector<Entry>{{"local/weight", local, Role::weight},
                         {"local/bias", {positions_, options.channels}, Role::learnt}},
      1 / std::sqrt(static_cast<double>(shape.channels * options.bands * options.frames))));
  norm_ = add(std::make_unique<NormLayer>("norm", options.layer.norm, options.layer.activation,
                                          options.channels));
  add(std::make_unique<UniformTensors>(
      std::vector<Entry>{{"recurrent/input_weight", {n, inputs}, Role::weight},
                         {"recurrent/hidden_weight", {n, H}, Role::weight},
                         {"recurrent/input_bias", {n}, Role::learnt},
                         {"recurrent/hidden_bias", {n}, Role::learnt}},
      1 / std::sqrt(static_cast<double>(H))));
  if (options.leaky_units > 0) {
    kernel_ = add(options.kernel.build({.outputs = options.leaky_units,
                                        .channels = shape.channels,
                                        .bands = shape.bands,
                                        .lags = options.context,
                                        .own_input = shape.own_input}));
    leaky_norm_ = add(std::make_unique<NormLayer>("leaky_norm", options.layer.norm,
                                                  options.layer.activation, options.leaky_units));
    decay_ = add(std::make_unique<DecayLayer>("leaky", options.leaky_units, options.init_tau,
                                              options.decay_input));
  }
  const auto seen = H + (options.reads_features ? inputs : 0) + options.leaky_units;
  readout_ = add_readout(
      std::make_unique<DenseLayer>("readout", seen, shape.outputs, options.output == "identity"));
  set_output(std::make_unique<Output>(options.output, shape.outputs, shape.non_negative));
}

std::int64_t Statenet::gap() const {
  return std::max(options_.frames, kernel_ ? options_.context : 1) - 1;
}

std::optional<at::Tensor> Statenet::kernels(const Tensors& tensors) const {
  if (!kernel_) return std::nullopt;
  return kernel_->kernel(tensors);
}

std::optional<at::Tensor> Statenet::exported_kernels(const Tensors& tensors) const {
  if (!kernel_) return std::nullopt;
  return kernel_->kernel(tensors) *
         leaky_norm_->gain(tensors).unsqueeze(-1).unsqueeze(-1).unsqueeze(-1);
}

at::Tensor Statenet::drive(const Tensors& tensors, const at::Tensor& x,
                           const ops::LayoutPtr& layout, const Pass& pass) const {
  const auto e = locally_connected(x, tensors.at("local/weight"), tensors.at("local/bias"),
                                   shape_.bands, options_.stride, layout, shape_.own_input);
  const auto u =
      norm_->apply(tensors, e, pass.training, layout);  // (M, S, P channels), channel fastest

  // The stored weight has the inputs of one channel adjacent, so it is reordered.
  const auto& stored = tensors.at("recurrent/input_weight");
  auto input_weight = stored.view({stored.size(0), stored.size(1), options_.channels, positions_})
                          .transpose(2, 3)
                          .reshape(stored.sizes());
  const auto kept = [&](std::int64_t layer, std::int64_t inputs) {
    return kept_of(pass, options_.dropout, layer, inputs, u.scalar_type());
  };
  if (const auto k = kept(0, u.size(2)); k.defined()) input_weight = input_weight * k.unsqueeze(1);
  const auto h =
      ops::recurrent(u,
                     {input_weight, tensors.at("recurrent/input_bias"),
                      tensors.at("recurrent/hidden_weight"), tensors.at("recurrent/hidden_bias")},
                     options_.cell, layout);
  std::vector<at::Tensor> seen{h};
  if (options_.reads_features) {  // order: channel after channel, as in the stored recurrent weight
    seen.push_back(u.reshape({u.size(0), u.size(1), positions_, options_.channels})
                       .transpose(2, 3)
                       .reshape(u.sizes()));
  }
  if (kernel_) {
    const auto z =
        kernel_->apply(tensors, x, layout, pass.training && leaky_norm_->removes_means());
    seen.push_back(
        decay_->apply(tensors, leaky_norm_->apply(tensors, z, pass.training, layout), layout));
  }
  const auto all = seen.size() == 1 ? h : at::cat(seen, 2);
  return readout_->apply(tensors, all, kept(1, all.size(2)));
}

ModelSpec statenet_kind(config::Node& node) {
  StatenetOptions o;
  o.cell = node.choice("cell", "gru", {"gru", "lstm"}, "recurrent layer") == "gru"
               ? ops::Cell::gru
               : ops::Cell::lstm;
  o.context = read_context(node, o.context);
  o.channels =
      node.get("channels", o.channels, config::between(1, 10000), "channels of the local layer");
  o.bands = node.get("kernel_frequency", o.bands, config::between(1, 10000),
                     "bands that a position of the local layer sees");
  o.frames = node.get("kernel_frames", o.frames, config::between(1, 10000),
                      "frames that the local layer sees, the current one and those before it");
  o.stride = node.get("stride", o.stride, config::between(1, 10000),
                      "bands from one position to the next");
  const auto hidden = node.integer_or("hidden", "inputs", config::between(1, 100000), {"inputs"},
                                      "recurrent units");
  o.hidden = std::holds_alternative<std::string>(hidden) ? 0 : std::get<std::int64_t>(hidden);
  o.layer = read_hidden_options(node, o.layer);
  o.reads_features =
      node.choice("readout", "state", {"state", "state_and_features"},
                  "what the readout sees: the recurrent state, or the local layer beside it") ==
      "state_and_features";
  o.dropout = read_dropout(node);
  o.leaky_units = node.get("leaky_units", o.leaky_units, config::between(0, 100000),
                           "leaky units behind receptive fields of `context` frames, beside the "
                           "recurrent layer; 0 is none");
  const bool leaky = o.leaky_units > 0;
  auto beside = node.only_if(leaky, "is only for leaky_units above 0; leave it out");
  if (leaky || node.has("kernel")) {
    auto kernel = beside.map("kernel", "how the receptive fields are parameterised");
    o.kernel = read_kernel(kernel);
  }
  o.init_tau = beside.get("init_tau", o.init_tau, config::above(1),
                          "mean starting time constant of the leaky units, frames");
  o.decay_input =
      beside.get("decay_input", o.decay_input, "leaky units weigh their input with (1 - A)");
  o.output = read_output(node, o.output);
  return {
      .has_kernels = leaky,
      .output = o.output,
      .recipe = {.learning_rate = 2e-3},
      .backbone = [o](const BackboneShape& shape) { return std::make_unique<Statenet>(o, shape); }};
}

}  // namespace strffit
