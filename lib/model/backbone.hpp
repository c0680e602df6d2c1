// The backbone of a model: computes responses from the prefiltered spectrogram.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "config/node.hpp"
#include "model/pass.hpp"
#include "ops/layout.hpp"
#include "prefilter/part.hpp"
#include "util/axes.hpp"

namespace strffit {

class Kernel;
class Output;

class Backbone : public Part {
 public:
  std::vector<Entry> entries() const final;
  void start(Tensors& member, Random& random) const override;
  void constrain(Tensors& tensors) const final;
  std::vector<Measure> measures(const Tensors& tensors, const Axes& axes) const final;

  // L: number of frames that a response depends on, including the current one. The unlimited memory
  // of recurrent units does not count.
  virtual std::int64_t context() const = 0;
  // Number of these frames that lie in the future (`padding: centered`).
  virtual std::int64_t ahead() const { return 0; }
  // Number of gap frames that a layout needs around stimuli.
  virtual std::int64_t gap() const { return context() - 1; }

  // Numbers per frame of the widest layer. Determines how many members fit the cache.
  virtual std::int64_t width() const;

  // Computes the input of the output nonlinearity: x (M or 1, S, C F) -> (M, S, N).
  virtual at::Tensor drive(const Tensors& tensors, const at::Tensor& x,
                           const ops::LayoutPtr& layout, const Pass& pass) const = 0;
  // Applies the output nonlinearity and what follows it: drive (M, S, N) -> responses (M, S, N).
  virtual at::Tensor respond(const Tensors& tensors, const at::Tensor& drive,
                             const ops::LayoutPtr& layout) const;

  // The STRF kernels (M, K, C, F, L). exported_kernels() also includes the gain of batch norm. Both
  // return nothing for model kinds without STRF kernels.
  virtual std::optional<at::Tensor> kernels(const Tensors& tensors) const {
    (void)tensors;
    return std::nullopt;
  }
  virtual std::optional<at::Tensor> exported_kernels(const Tensors& tensors) const {
    return kernels(tensors);
  }

  // Throws ConfigError if the kernel has more pieces than it can need.
  virtual void require_possible() const {}

  // The kernel whose outputs are the drives of the units, so that a closed-form solution can be
  // written into it. Null for kinds with hidden units.
  virtual const Kernel* response_kernel() const { return nullptr; }

  const Output& output() const { return *output_; }

 protected:
  // Registers a part and returns it. entries(), start() and constrain() visit parts in this order.
  template <class P>
  P* add(std::unique_ptr<P> part) {
    P* raw = part.get();
    parts_.push_back(std::move(part));
    return raw;
  }
  // Registers a part with one row per output of the model, see Entry::readout.
  template <class P>
  P* add_readout(std::unique_ptr<P> part) {
    readout_.insert(part.get());
    return add(std::move(part));
  }
  // Registers the output nonlinearity. Must be called exactly once, after all other parts.
  void set_output(std::unique_ptr<Output> output);

 private:
  std::vector<std::unique_ptr<Part>> parts_;
  std::set<const Part*> readout_;
  const Output* output_ = nullptr;
};

// The sizes that a backbone is built for.
struct BackboneShape {
  Axes axes;
  std::int64_t bands;     // F
  std::int64_t channels;  // C of the prefilter
  std::int64_t outputs;   // N
  bool non_negative;      // responses are never negative (counts or rates)
  bool own_input;         // the output of the prefilter differs between members
};

using BackboneBuilder = std::function<std::unique_ptr<Backbone>(const BackboneShape&)>;

}  // namespace strffit
