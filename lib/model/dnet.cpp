#include "model/dnet.hpp"

namespace strffit {

Dnet::Dnet(const DnetOptions& options, const BackboneShape& shape)
    : NetworkBackbone(options.network, shape),
      hidden_decay_(add(std::make_unique<DecayLayer>("hidden_decay", options.network.hidden,
                                                     options.init_tau, options.decay_input))),
      output_decay_(add_readout(std::make_unique<DecayLayer>(
          "output_decay", shape.outputs, options.init_tau, options.decay_input))),
      readout_(
          add_readout(std::make_unique<DenseLayer>("readout", options.network.hidden, shape.outputs,
                                                   options.network.strf.output == "identity"))) {
  set_output(
      std::make_unique<Output>(options.network.strf.output, shape.outputs, shape.non_negative));
}

at::Tensor Dnet::drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                       const Pass& pass) const {
  const auto h = hidden_decay_->apply(tensors, hidden(tensors, x, layout, pass), layout);
  return readout_->apply(tensors, h, kept(pass, h));
}

at::Tensor Dnet::respond(const Tensors& tensors, const at::Tensor& drive,
                         const ops::LayoutPtr& layout) const {
  return output_decay_->apply(tensors, Backbone::respond(tensors, drive, layout), layout);
}

ModelSpec dnet_kind(config::Node& node) {
  DnetOptions o;
  o.network = read_network_options(node);
  o.init_tau = node.get("init_tau", o.init_tau, config::above(1),
                        "mean starting time constant of the leaky units, frames");
  o.decay_input =
      node.get("decay_input", o.decay_input, "the input of leaky units is multiplied by (1 - A)");
  return {.has_kernels = true,
          .output = o.network.strf.output,
          .recipe = {.suggested = {"model.norm=layer", "model.output=parametric_softplus"}},
          .backbone = [o](const BackboneShape& shape) { return std::make_unique<Dnet>(o, shape); }};
}

}  // namespace strffit
