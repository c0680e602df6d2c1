// StateNet (Rancon, Masquelier & Cottereau 2025): a locally connected layer and one recurrent
// layer.
#pragma once

#include "model/layers.hpp"
#include "model/model.hpp"
#include "ops/recurrent.hpp"

namespace strffit {

struct StatenetOptions {
  ops::Cell cell = ops::Cell::gru;
  std::int64_t context = 9;   // lags of the gradient STRF; the model itself remembers everything
  std::int64_t channels = 7;  // of the local layer
  std::int64_t bands = 7;     // K_f, bands that a position of the local layer sees
  std::int64_t stride = 3;    // bands between positions
  std::int64_t hidden = 0;    // recurrent units; 0: as many as inputs
  HiddenOptions layer = {ops::Norm::layer, ops::Activation::sigmoid};
  std::string output = "parametric_softplus";
};

class Statenet : public Backbone {
 public:
  Statenet(const StatenetOptions& options, const BackboneShape& shape);
  std::int64_t context() const override { return options_.context; }
  std::int64_t gap() const override { return 0; }
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   bool training) const override;

 private:
  StatenetOptions options_;
  BackboneShape shape_;
  std::int64_t positions_;
  const NormLayer* norm_;
  const DenseLayer* readout_;
};

// x (M or 1, S, C F), weight (M, P, channels, C, K_f), bias (M, P, channels) -> (M, S, P channels),
// channel fastest: at each position p along frequency its own weights on the bands from
// stride p to stride p + K_f - 1. bands: F.
at::Tensor locally_connected(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             std::int64_t bands, std::int64_t stride, const ops::LayoutPtr& layout,
                             bool own_input = false);

ModelSpec statenet_kind(config::Node& node);

}  // namespace strffit
