// Layers that backbones are made of, each with its named tensors.
#pragma once

#include <string>

#include "config/node.hpp"
#include "model/pass.hpp"
#include "ops/norm.hpp"
#include "prefilter/part.hpp"

namespace strffit {

// A dense layer at every frame: `name/weight` (outputs, inputs), `name/bias` (outputs).
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
  // (M, S, inputs) -> (M, S, outputs). kept (M, inputs): factors of the inputs, where given.
  at::Tensor apply(const Tensors& tensors, const at::Tensor& x, const at::Tensor& kept = {}) const;
  at::Tensor apply_planar(const Tensors& tensors,
                          const at::Tensor& x) const;  // (M, inputs, S) -> (M, S, outputs)

 private:
  std::string name_;
  std::int64_t inputs_, outputs_;
  bool response_units_;
};

// Norm and activation of a hidden layer: `name/weight`, `name/bias` (channels), batch norm's
// running statistics.
class NormLayer : public Part {
 public:
  NormLayer(std::string name, ops::Norm norm, ops::Activation activation, std::int64_t channels)
      : name_(std::move(name)), norm_(norm), activation_(activation), channels_(channels) {}
  std::vector<Entry> entries() const override;
  void start(Tensors& member, Random& random) const override;
  // z (M, S, P channels), channel fastest -> the same shape.
  at::Tensor apply(const Tensors& tensors, const at::Tensor& z, bool training,
                   const ops::LayoutPtr& layout) const;
  // z (M, channels, F, S) -> the same shape.
  at::Tensor apply_planar(const Tensors& tensors, const at::Tensor& z, bool training,
                          const ops::LayoutPtr& layout) const;
  // Whether training takes each channel's mean away, and with it any bias before: that one's
  // gradient is zero, and an optimiser that divides by its size would follow the rounding errors
  // alone.
  bool removes_means() const { return norm_ == ops::Norm::batch; }
  // What batch norm multiplies each channel with in evaluation (M, channels); ones for the others.
  at::Tensor gain(const Tensors& tensors) const;

 private:
  ops::NormState state(const Tensors& tensors) const;

  std::string name_;
  ops::Norm norm_;
  ops::Activation activation_;
  std::int64_t channels_;
};

// Leaky units: `name/d` (units), tau = 1 + d^2 frames.
class DecayLayer : public Part {
 public:
  DecayLayer(std::string name, std::int64_t units, double init_tau, bool decay_input)
      : name_(std::move(name)), units_(units), init_tau_(init_tau), decay_input_(decay_input) {}
  std::vector<Entry> entries() const override;
  void start(Tensors& member, Random& random) const override;
  at::Tensor apply(const Tensors& tensors, const at::Tensor& s, const ops::LayoutPtr& layout) const;
  std::vector<Measure> measures(const Tensors& tensors, const Axes& axes) const override;

 private:
  std::string name_;
  std::int64_t units_;
  double init_tau_;
  bool decay_input_;
};

// What the inputs of a layer are multiplied with (M, inputs), see ops::kept_units; undefined where
// nothing is dropped. layer: its number among those of a model.
at::Tensor kept_of(const Pass& pass, double dropout, std::int64_t layer, std::int64_t inputs,
                   at::ScalarType type);

// Config keys that backbones share, each read in one place.
struct HiddenOptions {
  ops::Norm norm = ops::Norm::batch;
  ops::Activation activation = ops::Activation::sigmoid;
};
HiddenOptions read_hidden_options(config::Node& node, const HiddenOptions& fallback);
double read_dropout(config::Node& node);
std::int64_t read_context(config::Node& node, std::int64_t fallback);
std::string read_output(config::Node& node, const std::string& fallback);
// Frames of a kernel of `frames` that lie in the future, for the key `padding`: 0 or (frames - 1)
// / 2.
std::int64_t read_frames_ahead(config::Node& node, std::int64_t frames);

}  // namespace strffit
