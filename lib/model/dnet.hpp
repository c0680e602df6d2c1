// Dynamic network, DNet (Rahman et al. 2019): a network receptive field with leaky hidden and
// output units.
#pragma once

#include "model/model.hpp"
#include "model/strf_backbone.hpp"

namespace strffit {

struct DnetOptions {
  NetworkOptions network;
  double init_tau = 2;      // mean starting time constant, in frames, > 1
  bool decay_input = true;  // multiply the input of leaky units by (1 - A)
};

class Dnet : public NetworkBackbone {
 public:
  Dnet(const DnetOptions& options, const BackboneShape& shape);
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   const Pass& pass) const override;
  at::Tensor respond(const Tensors& tensors, const at::Tensor& drive,
                     const ops::LayoutPtr& layout) const override;

 private:
  const DecayLayer *hidden_decay_, *output_decay_;
  const DenseLayer* readout_;
};

// Reads the mapping `model` of this kind. Throws ConfigError.
ModelSpec dnet_kind(config::Node& node);

}  // namespace strffit
