// A whole model: prefilter, backbone, output nonlinearity; M members at once.
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
  std::int64_t ahead() const { return backbone_->ahead(); }      // of them in the future
  // Of the context's frames, ascending, below 0 those in the future.
  std::vector<double> lags_ms() const;
  std::int64_t gap() const { return backbone_->gap(); }  // gap frames that its layouts need
  std::vector<std::string> channels() const { return prefilter_->channels(); }
  const Prefilter& prefilter() const { return *prefilter_; }
  const Backbone& backbone() const { return *backbone_; }

  // Every tensor of a member, in a fixed order.
  const std::vector<Entry>& entries() const { return entries_; }
  // Learnt numbers of one member.
  std::int64_t parameter_count() const;

  // Starting values of M members, member m from its own generator random[m]; float32, on the CPU.
  Tensors start(const std::vector<Random>& random) const;
  void constrain(Tensors& tensors) const;

  // x (1 or M, S, F) standardised spectrograms -> responses (M, S, N); meaningless at gap frames.
  at::Tensor respond(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                     const Pass& pass = false) const;
  // The same up to the input of the output nonlinearity.
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   const Pass& pass = false) const;

  // The kernels as exported, (M, K, C, F, L), batch norm folded in; nothing for kinds without any.
  std::optional<at::Tensor> kernels(const Tensors& tensors) const {
    return backbone_->exported_kernels(tensors);
  }

  // What the fitted numbers mean: time constants in ms, places in Hz; for people and figures.
  std::vector<Measure> measures(const Tensors& tensors) const;

  // d r[n, t] / d x[f, t - l] at every frame (Keshishian et al. 2020), one member (M = 1), one
  // stimulus x (1, T, F) without gap frames -> (N, T, F, lags), the first lag -ahead(); zero where
  // t - l lies outside the stimulus. Exact: recursions included. `lags` > ahead().
  at::Tensor dynamic_strf(const Tensors& tensors, const at::Tensor& x, std::int64_t lags) const;

 private:
  std::string kind_;
  std::unique_ptr<Prefilter> prefilter_;
  std::unique_ptr<Backbone> backbone_;
  Axes axes_;
  std::int64_t outputs_;
  std::vector<Entry> entries_;
};

// How a kind is best trained unless the configuration says otherwise (docs/benchmarks.md).
struct Recipe {
  double learning_rate = 1e-2;  // of AdamW, one stimulus a step
  double prefilter_rate = 1;    // of a learnt prefilter, relative to learning_rate
  double average_epochs = 5;    // that the weights are averaged over
  // What `strffit init` sets besides ("model.norm=layer"); a key that a config leaves out keeps the
  // published default.
  std::vector<std::string> suggested = {};
};

// A model as its configuration describes it, before any data is known.
struct ModelSpec {
  std::string kind = {};
  bool has_kernels = false;  // STRF kernels to penalise or export
  bool closed_form = false;  // its kernel's outputs are the drives: ridge can start it
  std::string output = {};   // name of the output nonlinearity
  Recipe recipe = {};
  PrefilterSpec prefilter = {};
  BackboneBuilder backbone = {};

  // outputs: N. non_negative: no response is below 0. DataError where data of these axes do not fit
  // the model.
  std::unique_ptr<Model> build(const Axes& axes, std::int64_t outputs, bool non_negative) const;
};

// Reads and checks the mapping `model`, `kind` included. ConfigError.
ModelSpec read_model(config::Node& node);

const std::vector<std::string>& model_kinds();

// The members `which` of M, in that order (copies).
Tensors select_members(const Tensors& tensors, const std::vector<std::int64_t>& which);

}  // namespace strffit
