// Layers of backbones, each with its named tensors.
#pragma once

#include <string>

#include "config/node.hpp"
#include "model/pass.hpp"
#include "ops/norm.hpp"
#include "prefilter/part.hpp"

namespace strffit {

// A dense layer, applied at every frame: `name/weight` (outputs, inputs), `name/bias` (outputs).
class DenseLayer : public Part {
 public:
  DenseLayer(std::string name, std::int64_t inputs, std::int64_t outputs,
             bool response_units = false)
      : name_(std::move(name)),
        inputs_(inputs),
        outputs_(outputs),
        response_units_(response_units) {}
  std::vector<Entry> entries() const override;
  void start(Tensors& member, Random& random) const override;
  // (M, S, inputs) -> (M, S, outputs). kept (M, inputs): optional dropout factors of the inputs.
  at::Tensor apply(const Tensors& tensors, const at::Tensor& x, const at::Tensor& kept = {}) const;
  // (M, inputs, S) -> (M, S, outputs).
  at::Tensor apply_planar(const Tensors& tensors, const at::Tensor& x) const;

 private:
  std::string name_;
  std::int64_t inputs_, outputs_;
  bool response_units_;
};

// Norm and activation of a hidden layer: `name/weight` and `name/bias` (channels), and the running
// statistics of batch norm.
class NormLayer : public Part {
 public:
  NormLayer(std::string name, ops::Norm norm, ops::Activation activation, std::int64_t channels)
      : name_(std::move(name)), norm_(norm), activation_(activation), channels_(channels) {}
  std::vector<Entry> entries() const override;
  void start(Tensors& member, Random& random) const override;
  // z (M, S, P channels), channels fastest -> the same shape.
  at::Tensor apply(const Tensors& tensors, const at::Tensor& z, bool training,
                   const ops::LayoutPtr& layout) const;
  // z (M, channels, F, S) -> the same shape.
  at::Tensor apply_planar(const Tensors& tensors, const at::Tensor& z, bool training,
                          const ops::LayoutPtr& layout) const;
  // True if training subtracts the mean of each channel (batch norm). A bias before this layer then
  // has no effect and its gradient is zero apart from rounding errors. It must not be learnt,
  // because AdamW divides by the size of the gradient and would amplify these errors.
  bool removes_means() const { return norm_ == ops::Norm::batch; }
  // Factor of each channel by batch norm in evaluation (M, channels); 1 for other norms.
  at::Tensor gain(const Tensors& tensors) const;

 private:
  ops::NormState state(const Tensors& tensors) const;

  std::string name_;
  ops::Norm norm_;
  ops::Activation activation_;
  std::int64_t channels_;
};

// Leaky units: `name/d` (units), with time constant tau = 1 + d^2 frames.
class DecayLayer : public Part {
 public:
  DecayLayer(std::string name, std::int64_t units, double init_tau, bool decay_input)
      : name_(std::move(name)), units_(units), init_tau_(init_tau), decay_input_(decay_input) {}
  std::vector<Entry> entries() const override;
  void start(Tensors& member, Random& random) const override;
  // (M, S, units) -> the same shape.
  at::Tensor apply(const Tensors& tensors, const at::Tensor& s, const ops::LayoutPtr& layout) const;
  std::vector<Measure> measures(const Tensors& tensors, const Axes& axes) const override;

 private:
  std::string name_;
  std::int64_t units_;
  double init_tau_;
  bool decay_input_;
};

// Dropout factors of the inputs of a layer (M, inputs), see ops::kept_units. Undefined if nothing
// is dropped. layer: number of the layer in its model.
at::Tensor kept_of(const Pass& pass, double dropout, std::int64_t layer, std::int64_t inputs,
                   at::ScalarType type);

// Configuration keys that several backbones share. The functions throw ConfigError.
struct HiddenOptions {
  ops::Norm norm = ops::Norm::batch;
  ops::Activation activation = ops::Activation::sigmoid;
};
HiddenOptions read_hidden_options(config::Node& node, const HiddenOptions& fallback);
double read_dropout(config::Node& node);
std::int64_t read_context(config::Node& node, std::int64_t fallback);
std::string read_output(config::Node& node, const std::string& fallback);
// Reads the key `padding` for a kernel of `frames` frames. Returns the number of its frames in the
// future: 0 or (frames - 1) / 2.
std::int64_t read_frames_ahead(config::Node& node, std::int64_t frames);

}  // namespace strffit
