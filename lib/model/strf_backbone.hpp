// Common base of linear, ln, nrf and dnet: STRF kernels on the prefiltered spectrogram.
#pragma once

#include "model/backbone.hpp"
#include "model/kernel.hpp"
#include "model/layers.hpp"
#include "model/output.hpp"

namespace strffit {

struct StrfOptions {
  std::int64_t context = 9;  // frames, >= 1
  std::int64_t ahead = 0;    // number of these frames in the future
  std::string output = "identity";
  KernelSpec kernel;
};
// Reads the keys context, padding, kernel and output. `output`: default. Throws ConfigError.
StrfOptions read_strf_options(config::Node& node, const std::string& output);

class StrfBackbone : public Backbone {
 public:
  // `kernel_outputs`: K. `response_units`: the outputs have the unit of the responses.
  // `is_readout`: there is one kernel output per output of the model.
  StrfBackbone(const StrfOptions& options, const BackboneShape& shape, std::int64_t kernel_outputs,
               bool response_units, bool is_readout);

  std::int64_t context() const override { return context_; }
  void require_possible() const override { kernel_->require_possible(); }
  std::int64_t ahead() const override { return kernel_->shape().ahead; }
  std::optional<at::Tensor> kernels(const Tensors& tensors) const override {
    return kernel_->kernel(tensors);
  }

 protected:
  const Kernel& kernel() const { return *kernel_; }

 private:
  std::int64_t context_;
  const Kernel* kernel_;
};

// Common part of nrf and dnet: hidden units phi(norm(z)).
struct NetworkOptions {
  StrfOptions strf;
  std::int64_t hidden = 20;  // H, >= 1
  HiddenOptions layer;
  double dropout = 0;  // of the hidden units before the readout, in [0, 1)
};
// Reads the options of nrf and dnet. Throws ConfigError.
NetworkOptions read_network_options(config::Node& node);

class NetworkBackbone : public StrfBackbone {
 public:
  NetworkBackbone(const NetworkOptions& options, const BackboneShape& shape);
  std::optional<at::Tensor> exported_kernels(const Tensors& tensors) const override;

 protected:
  at::Tensor hidden(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                    const Pass& pass) const;
  // Dropout factors of the hidden units h before the readout, see kept_of().
  at::Tensor kept(const Pass& pass, const at::Tensor& h) const;

 private:
  const NormLayer* norm_;
  double dropout_;
};

}  // namespace strffit
