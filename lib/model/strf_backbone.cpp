#include "model/strf_backbone.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "config/kind.hpp"

namespace strffit {

StrfOptions read_strf_options(config::Node& node, const std::string& output) {
  StrfOptions o;
  o.context = read_context(node, o.context);
  o.ahead = read_frames_ahead(node, o.context);
  auto kernel = config::map_with_kind(node, "kernel", "how the receptive field is parameterised");
  o.kernel = read_kernel(kernel);
  o.output = read_output(node, output);
  return o;
}

StrfBackbone::StrfBackbone(const StrfOptions& options, const BackboneShape& shape,
                           std::int64_t kernel_outputs, bool response_units, bool is_readout)
    : context_(options.context) {
  auto kernel = options.kernel.build({.outputs = kernel_outputs,
                                      .channels = shape.channels,
                                      .bands = shape.bands,
                                      .lags = options.context,
                                      .ahead = options.ahead,
                                      .response_units = response_units,
                                      .own_input = shape.own_input});
  kernel_ = is_readout ? add_readout(std::move(kernel)) : add(std::move(kernel));
}

NetworkOptions read_network_options(config::Node& node) {
  NetworkOptions o;
  o.hidden = node.get("hidden", o.hidden, config::between(1, 100000), "hidden units");
  o.layer = read_hidden_options(node, o.layer);
  o.dropout = read_dropout(node);
  o.strf = read_strf_options(node, "parametric_sigmoid");
  return o;
}

NetworkBackbone::NetworkBackbone(const NetworkOptions& options, const BackboneShape& shape)
    : StrfBackbone(options.strf, shape, options.hidden, false, false),
      norm_(add(std::make_unique<NormLayer>("norm", options.layer.norm, options.layer.activation,
                                            options.hidden))),
      dropout_(options.dropout) {}

at::Tensor NetworkBackbone::hidden(const Tensors& tensors, const at::Tensor& x,
                                   const ops::LayoutPtr& layout, const Pass& pass) const {
  const auto z = kernel().apply(tensors, x, layout, pass.training && norm_->removes_means());
  return norm_->apply(tensors, z, pass.training, layout);
}

at::Tensor NetworkBackbone::kept(const Pass& pass, const at::Tensor& h) const {
  return kept_of(pass, dropout_, 0, h.size(2), h.scalar_type());
}

std::optional<at::Tensor> NetworkBackbone::exported_kernels(const Tensors& tensors) const {
  return kernel().kernel(tensors) * norm_->gain(tensors).unsqueeze(-1).unsqueeze(-1).unsqueeze(-1);
}

}  // namespace strffit
