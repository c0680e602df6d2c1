// StateNet (Rancon, Masquelier & Cottereau 2025): a locally connected layer and a recurrent layer,
// optionally with leaky STRF units beside them (models.md, Backbones).
#pragma once

#include "model/kernel.hpp"
#include "model/layers.hpp"
#include "model/model.hpp"
#include "ops/recurrent.hpp"

namespace strffit {

struct StatenetOptions {
  ops::Cell cell = ops::Cell::gru;
  // Number of lags of the gradient STRF and of the kernels of leaky units. The memory of the model
  // itself is unlimited.
  std::int64_t context = 9;
  std::int64_t channels = 7;  // channels of the local layer
  std::int64_t bands = 7;     // K_f, number of bands that one position of the local layer sees
  // K_t, number of frames that the local layer sees, up to the current one
  std::int64_t frames = 1;
  std::int64_t stride = 3;  // distance between positions, in bands
  std::int64_t hidden = 0;  // number of recurrent units; 0: as many as their inputs
  HiddenOptions layer = {ops::Norm::layer, ops::Activation::sigmoid};
  bool reads_features = false;  // the readout also sees the local layer
  double dropout = 0;           // of the inputs of the recurrent layer and the readout, in [0, 1)
  std::int64_t leaky_units = 0;
  KernelSpec kernel = {};   // of the leaky units; not built without them
  double init_tau = 2;      // of the leaky units: mean starting time constant, in frames, > 1
  bool decay_input = true;  // multiply the input of leaky units by (1 - A)
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
  // For the leaky units; null without them.
  const Kernel* kernel_ = nullptr;
  const NormLayer* leaky_norm_ = nullptr;
  const DecayLayer* decay_ = nullptr;
  const DenseLayer* readout_;
};

// Locally connected layer: x (M or 1, S, C F), weight (M, P, channels, C, K_f, K_t), bias (M, P,
// channels) -> (M, S, P channels), channels fastest. Each position p has its own weights for the
// bands stride p to stride p + K_f - 1, at the current frame and the K_t - 1 frames before it, lag
// 0 first. If `weight` has no last axis, K_t = 1. bands: F. The gap of the layout must be at least
// K_t - 1.
at::Tensor locally_connected(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             std::int64_t bands, std::int64_t stride, const ops::LayoutPtr& layout,
                             bool own_input = false);

// Reads the mapping `model` of this kind. Throws ConfigError.
ModelSpec statenet_kind(config::Node& node);

}  // namespace strffit
