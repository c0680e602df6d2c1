// A whole model: prefilter, backbone and output nonlinearity, evaluated for M members at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/backbone.hpp"
#include "prefilter/prefilter.hpp"

namespace strffit {

class Model {
 public:
  Model(std::string kind, std::unique_ptr<Prefilter> prefilter, std::unique_ptr<Backbone> backbone,
        Axes axes, std::int64_t outputs);

  const std::string& kind() const { return kind_; }
  const Axes& axes() const { return axes_; }
  std::int64_t outputs() const { return outputs_; }              // N
  std::int64_t context() const { return backbone_->context(); }  // L
  std::int64_t ahead() const { return backbone_->ahead(); }  // number of these frames in the future
  // The lags of the context in ms, ascending. Lags below 0 lie in the future.
  std::vector<double> lags_ms() const;
  std::int64_t gap() const { return backbone_->gap(); }  // number of gap frames that layouts need
  std::vector<std::string> channels() const { return prefilter_->channels(); }
  const Prefilter& prefilter() const { return *prefilter_; }
  const Backbone& backbone() const { return *backbone_; }

  // All tensors of a member, in a fixed order.
  const std::vector<Entry>& entries() const { return entries_; }
  // Number of learnt parameters of one member.
  std::int64_t parameter_count() const;

  // Starting values of M members, float32 on the CPU. Member m uses its own generator random[m].
  Tensors start(const std::vector<Random>& random) const;
  // Restricts parameters to their valid range.
  void constrain(Tensors& tensors) const;

  // Computes responses: standardised spectrograms x (1 or M, S, F) -> (M, S, N). Values at gap
  // frames are meaningless.
  at::Tensor respond(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                     const Pass& pass = false) const;
  // Computes the input of the output nonlinearity, with the same shapes.
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   const Pass& pass = false) const;

  // The STRF kernels for export (M, K, C, F, L), including the gain of batch norm. Nothing for
  // kinds without STRF kernels.
  std::optional<at::Tensor> kernels(const Tensors& tensors) const {
    return backbone_->exported_kernels(tensors);
  }

  // Interpretable values of the parameters for reports and figures: time constants in ms, positions
  // in Hz.
  std::vector<Measure> measures(const Tensors& tensors) const;

  // Dynamic STRF: the derivative d r[n, t] / d x[f, t - l] at every frame (Keshishian et al. 2020).
  // For one member (M = 1) and one stimulus x (1, T, F) without gap frames. Returns (N, T, F,
  // lags), where the first lag is -ahead(). Zero if t - l lies outside the stimulus. The derivative
  // is exact, also through recurrent units. `lags` must be larger than ahead() (else Bug).
  at::Tensor dynamic_strf(const Tensors& tensors, const at::Tensor& x, std::int64_t lags) const;

 private:
  std::string kind_;
  std::unique_ptr<Prefilter> prefilter_;
  std::unique_ptr<Backbone> backbone_;
  Axes axes_;
  std::int64_t outputs_;
  std::vector<Entry> entries_;
};

// The recommended training options of a model kind (docs/benchmarks.md). The configuration may
// override them.
struct Recipe {
  double learning_rate = 1e-2;  // for AdamW with one stimulus per step
  double prefilter_rate = 1;    // learning rate of a learnt prefilter, relative to learning_rate
  double average_epochs = 5;    // number of epochs over which the weights are averaged
  // More settings that `strffit init` writes, for instance "model.norm=layer". If a configuration
  // leaves out these keys, the published defaults are used.
  std::vector<std::string> suggested = {};
};

// A model as the configuration describes it, before the data are known.
struct ModelSpec {
  std::string kind = {};
  bool has_kernels = false;  // has STRF kernels to penalise or export
  // training can start from ridge, because the kernel outputs are the drives
  bool closed_form = false;
  std::string output = {};  // name of the output nonlinearity
  Recipe recipe = {};
  PrefilterSpec prefilter = {};
  BackboneBuilder backbone = {};

  // Builds the model. outputs: N. non_negative: no response is below 0. Throws DataError if data
  // with these axes do not suit the model.
  std::unique_ptr<Model> build(const Axes& axes, std::int64_t outputs, bool non_negative) const;
};

// Reads and checks the mapping `model`, including `kind`. Throws ConfigError.
ModelSpec read_model(config::Node& node);

// Names of all model kinds.
const std::vector<std::string>& model_kinds();

// Copies the tensors of the members `which`, in this order.
Tensors select_members(const Tensors& tensors, const std::vector<std::int64_t>& which);

}  // namespace strffit
