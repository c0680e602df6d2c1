// 2D-CNN (after Pennington & David 2023): three convolutions over frequency and time, a dense layer
// and a readout.
#pragma once

#include <array>

#include "model/layers.hpp"
#include "model/model.hpp"

namespace strffit {

struct Conv2dOptions {
  std::int64_t channels = 10;  // number of channels of each convolution
  std::int64_t bands = 3;      // K_f, height of each kernel
  std::int64_t frames = 9;     // K_t, length of each kernel
  std::int64_t ahead = 0;      // number of frames of each kernel in the future
  std::int64_t hidden = 20;    // number of units of the dense layer
  HiddenOptions layer = {ops::Norm::batch, ops::Activation::leaky_relu};
  double dropout = 0;  // of the dense units before the readout, in [0, 1)
  std::string output = "parametric_sigmoid";
};

class Conv2d : public Backbone {
 public:
  static constexpr std::int64_t kLayers = 3;

  Conv2d(const Conv2dOptions& options, const BackboneShape& shape);
  std::int64_t context() const override { return kLayers * (options_.frames - 1) + 1; }
  std::int64_t ahead() const override { return kLayers * options_.ahead; }
  std::int64_t gap() const override { return options_.frames - 1; }
  std::int64_t width() const override {
    return options_.channels * (shape_.bands - options_.bands + 1);
  }
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   const Pass& pass) const override;

 private:
  Conv2dOptions options_;
  BackboneShape shape_;
  std::array<const NormLayer*, kLayers> norms_;
  const NormLayer* dense_activation_;
  const DenseLayer *dense_, *readout_;
};

// Reads the mapping `model` of this kind. Throws ConfigError.
ModelSpec conv2d_kind(config::Node& node);

}  // namespace strffit
