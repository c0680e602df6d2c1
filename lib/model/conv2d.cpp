#include "model/conv2d.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "model/kernel.hpp"
#include "model/output.hpp"
#include "ops/convolution.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

std::string numbered(const std::string& name, std::size_t layer) {
  return fmt::format("{}{}", name, layer + 1);
}

// The weights `conv<i>/weight` (K_out, K_in, K_f, K_t) and the bias of one convolution.
class Convolution : public Part {
 public:
  Convolution(std::string name, std::int64_t inputs, const Conv2dOptions& options)
      : name_(std::move(name)), inputs_(inputs), options_(options) {}
  std::vector<Entry> entries() const override {
    return {{name_ + "/weight",
             {options_.channels, inputs_, options_.bands, options_.frames},
             Role::weight},
            {name_ + "/bias", {options_.channels}, Role::learnt}};
  }
  void start(Tensors& member, Random& random) const override {
    const double bound =
        1 / std::sqrt(static_cast<double>(inputs_ * options_.bands * options_.frames));
    fill_uniform(member.at(name_ + "/weight"), bound, random);
    fill_uniform(member.at(name_ + "/bias"), bound, random);
  }

 private:
  std::string name_;
  std::int64_t inputs_;
  Conv2dOptions options_;
};

}  // namespace

Conv2d::Conv2d(const Conv2dOptions& options, const BackboneShape& shape)
    : options_(options), shape_(shape) {
  const auto left = shape.bands - kLayers * (options.bands - 1);
  if (left < 1) {
    throw DataError("model.kernel_size", "",
                    fmt::format("three kernels of {} leave none of the {} of the dataset; choose a "
                                "smaller one",
                                counted(options.bands, "band"), counted(shape.bands, "band")));
  }
  for (std::size_t i = 0; i < kLayers; ++i) {
    add(std::make_unique<Convolution>(numbered("conv", i),
                                      i == 0 ? shape.channels : options.channels, options));
    norms_[i] = add(std::make_unique<NormLayer>(numbered("norm", i), options.layer.norm,
                                                options.layer.activation, options.channels));
  }
  dense_ = add(std::make_unique<DenseLayer>("dense", options.channels * left, options.hidden));
  dense_activation_ = add(std::make_unique<NormLayer>("dense", ops::Norm::none,
                                                      options.layer.activation, options.hidden));
  readout_ = add_readout(std::make_unique<DenseLayer>("readout", options.hidden, shape.outputs,
                                                      options.output == "identity"));
  set_output(std::make_unique<Output>(options.output, shape.outputs, shape.non_negative));
}

at::Tensor Conv2d::drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                         const Pass& pass) const {
  const auto S = layout->total, K = options_.channels;
  auto bands = shape_.bands;
  // (M, S, C F) -> planes (M, C, F, S)
  auto h = x.transpose(1, 2).reshape({x.size(0), shape_.channels, bands, S});
  for (std::size_t i = 0; i < kLayers; ++i) {
    const auto& weight = tensors.at(numbered("conv", i) + "/weight");
    const auto& bias = tensors.at(numbered("conv", i) + "/bias");
    const auto z = ops::convolution(
        h, weight, pass.training && norms_[i]->removes_means() ? bias.detach() : bias, layout,
        options_.ahead);
    bands -= options_.bands - 1;
    h = norms_[i]->apply_planar(tensors, z, pass.training, layout);
  }
  const auto flat = h.reshape({h.size(0), K * bands, S});
  const auto hidden =
      dense_activation_->apply(tensors, dense_->apply_planar(tensors, flat), pass.training, layout);
  return readout_->apply(tensors, hidden,
                         kept_of(pass, options_.dropout, 0, options_.hidden, hidden.scalar_type()));
}

ModelSpec conv2d_kind(config::Node& node) {
  Conv2dOptions o;
  o.channels =
      node.get("channels", o.channels, config::between(1, 10000), "channels of each convolution");
  const auto size = node.integers("kernel_size", {o.bands, o.frames}, config::between(1, 10000),
                                  "bands and frames of each kernel");
  if (size.size() != 2)
    node.fail("kernel_size", "expected two numbers, bands and frames, as in [3, 9]");
  o.bands = size[0];
  o.frames = size[1];
  o.ahead = read_frames_ahead(node, o.frames);
  o.hidden = node.get("hidden", o.hidden, config::between(1, 100000), "units of the dense layer");
  o.layer = read_hidden_options(node, o.layer);
  o.dropout = read_dropout(node);
  o.output = read_output(node, o.output);
  return {
      .output = o.output,
      .recipe = {.learning_rate = 2e-3,
                 .suggested = {"model.norm=layer", "model.activation=softplus",
                               "model.output=parametric_softplus"}},
      .backbone = [o](const BackboneShape& shape) { return std::make_unique<Conv2d>(o, shape); }};
}

}  // namespace strffit
