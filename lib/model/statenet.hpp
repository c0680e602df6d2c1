// StateNet (Rancon, Masquelier & Cottereau 2025): a locally connected layer and one recurrent
// layer; beside them leaky STRF units, where wanted (models.md, Backbones).
#pragma once

#include "model/kernel.hpp"
#include "model/layers.hpp"
#include "model/model.hpp"
#include "ops/recurrent.hpp"

namespace strffit {

struct StatenetOptions {
  ops::Cell cell = ops::Cell::gru;
  // Lags of the gradient STRF, frames of the leaky units' kernels; the model itself remembers
  // everything.
  std::int64_t context = 9;
  std::int64_t channels = 7;  // of the local layer
  std::int64_t bands = 7;     // K_f, bands that a position of the local layer sees
  std::int64_t frames = 1;    // that the local layer sees, the current one and those before it
  std::int64_t stride = 3;    // bands between positions
  std::int64_t hidden = 0;    // recurrent units; 0: as many as inputs
  HiddenOptions layer = {ops::Norm::layer, ops::Activation::sigmoid};
  bool reads_features = false;  // the readout sees the local layer beside the recurrent state
  double dropout = 0;           // of the units before recurrence and readout, in [0, 1)
  std::int64_t leaky_units = 0;
  KernelSpec kernel = {};   // of the leaky units; without them not built
  double init_tau = 2;      // of the leaky units, mean starting time constant, frames, > 1
  bool decay_input = true;  // the factor (1 - A) on what comes in to them
  std::string output = "parametric_softplus";
};

class Statenet : public Backbone {
 public:
  Statenet(const StatenetOptions& options, const BackboneShape& shape);
  std::int64_t context() const override { return options_.context; }
  std::int64_t gap() const override;
  void require_possible() const override {
    if (kernel_) kernel_->require_possible();
  }
  std::optional<at::Tensor> kernels(const Tensors& tensors) const override;
  std::optional<at::Tensor> exported_kernels(const Tensors& tensors) const override;
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   const Pass& pass) const override;

 private:
  StatenetOptions options_;
  BackboneShape shape_;
  std::int64_t positions_;
  const NormLayer* norm_;
  // Of the leaky units; null without them.
  const Kernel* kernel_ = nullptr;
  const NormLayer* leaky_norm_ = nullptr;
  const DecayLayer* decay_ = nullptr;
  const DenseLayer* readout_;
};

// x (M or 1, S, C F), weight (M, P, channels, C, K_f, K_t), bias (M, P, channels) -> (M, S, P
// channels), channel fastest: at each position p along frequency its own weights on the bands from
// stride p to stride p + K_f - 1, at the current frame and the K_t - 1 before it, lag 0 first. A
// weight without its last axis has K_t = 1. bands: F. The layout's gap must be at least K_t - 1.
at::Tensor locally_connected(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             std::int64_t bands, std::int64_t stride, const ops::LayoutPtr& layout,
                             bool own_input = false);

ModelSpec statenet_kind(config::Node& node);

}  // namespace strffit
