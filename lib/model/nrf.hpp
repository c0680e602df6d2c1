// Network receptive field (Harper et al. 2016): r = g(W phi(norm(z)) + b).
#pragma once

#include "model/model.hpp"
#include "model/strf_backbone.hpp"

namespace strffit {

class Nrf : public NetworkBackbone {
 public:
  Nrf(const NetworkOptions& options, const BackboneShape& shape);
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   const Pass& pass) const override;

 private:
  const DenseLayer* readout_;
};

// Reads the mapping `model` of this kind. Throws ConfigError.
ModelSpec nrf_kind(config::Node& node);

}  // namespace strffit
