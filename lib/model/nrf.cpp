#include "model/nrf.hpp"

namespace strffit {

Nrf::Nrf(const NetworkOptions& options, const BackboneShape& shape)
    : NetworkBackbone(options, shape),
      readout_(add_readout(std::make_unique<DenseLayer>("readout", options.hidden, shape.outputs,
                                                        options.strf.output == "identity"))) {
  set_output(std::make_unique<Output>(options.strf.output, shape.outputs, shape.non_negative));
}

at::Tensor Nrf::drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                      const Pass& pass) const {
  const auto h = hidden(tensors, x, layout, pass);
  return readout_->apply(tensors, h, kept(pass, h));
}

ModelSpec nrf_kind(config::Node& node) {
  const auto o = read_network_options(node);
  return {
      .has_kernels = true,
      .output = o.strf.output,
      .recipe = {.learning_rate = 3e-3, .prefilter_rate = 10, .suggested = {"model.norm=layer"}},
      .backbone = [o](const BackboneShape& shape) { return std::make_unique<Nrf>(o, shape); }};
}

}  // namespace strffit
