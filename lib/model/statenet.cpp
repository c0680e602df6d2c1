#include "model/statenet.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "model/kernel.hpp"
#include "model/output.hpp"
#include "ops/autograd.hpp"
#include "ops/lagged_product.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

// Tensors that all start uniform in +-bound.
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
  // A kernel of one frame over all bands, zero outside each position's own.
  const auto M = weight.size(0), P = weight.size(1), channels = weight.size(2), C = weight.size(3);
  const auto row = C * bands, position = channels * row;
  // Where each position's own bands lie in it.
  const auto own = [sizes = weight.sizes().vec(),
                    strides =
                        std::vector<std::int64_t>{P * position, position + stride, row, bands, 1}](
                       const at::Tensor& kernels) { return kernels.as_strided(sizes, strides); };
  auto kernel = at::zeros({M, P * channels, C, bands, 1}, weight.options());
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
  add(std::make_unique<UniformTensors>(
      std::vector<Entry>{{"local/weight",
                          {positions_, options.channels, shape.channels, options.bands},
                          Role::weight},
                         {"local/bias", {positions_, options.channels}, Role::learnt}},
      1 / std::sqrt(static_cast<double>(shape.channels * options.bands))));
  norm_ = add(std::make_unique<NormLayer>("norm", options.layer.norm, options.layer.activation,
                                          options.channels));
  add(std::make_unique<UniformTensors>(
      std::vector<Entry>{{"recurrent/input_weight", {n, inputs}, Role::weight},
                         {"recurrent/hidden_weight", {n, H}, Role::weight},
                         {"recurrent/input_bias", {n}, Role::learnt},
                         {"recurrent/hidden_bias", {n}, Role::learnt}},
      1 / std::sqrt(static_cast<double>(H))));
  readout_ =
      add(std::make_unique<DenseLayer>("readout", H, shape.outputs, options.output == "identity"));
  set_output(std::make_unique<Output>(options.output, shape.outputs, shape.non_negative));
}

at::Tensor Statenet::drive(const Tensors& tensors, const at::Tensor& x,
                           const ops::LayoutPtr& layout, bool training) const {
  const auto e = locally_connected(x, tensors.at("local/weight"), tensors.at("local/bias"),
                                   shape_.bands, options_.stride, layout, shape_.own_input);
  const auto u = norm_->apply(tensors, e, training, layout);  // (M, S, P channels), channel fastest

  // Stored for inputs channel after channel.
  const auto& stored = tensors.at("recurrent/input_weight");
  const auto input_weight =
      stored.view({stored.size(0), stored.size(1), options_.channels, positions_})
          .transpose(2, 3)
          .reshape(stored.sizes());
  const auto h =
      ops::recurrent(u,
                     {input_weight, tensors.at("recurrent/input_bias"),
                      tensors.at("recurrent/hidden_weight"), tensors.at("recurrent/hidden_bias")},
                     options_.cell, layout);
  return readout_->apply(tensors, h);
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
  o.stride = node.get("stride", o.stride, config::between(1, 10000),
                      "bands from one position to the next");
  const auto hidden = node.integer_or("hidden", "inputs", config::between(1, 100000), {"inputs"},
                                      "recurrent units");
  o.hidden = std::holds_alternative<std::string>(hidden) ? 0 : std::get<std::int64_t>(hidden);
  o.layer = read_hidden_options(node, o.layer);
  o.output = read_output(node, o.output);
  return {
      .output = o.output,
      .recipe = {.learning_rate = 2e-3},
      .backbone = [o](const BackboneShape& shape) { return std::make_unique<Statenet>(o, shape); }};
}

}  // namespace strffit
