// What turns a prefiltered spectrogram into responses.
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

  // L: how many frames it looks at, the current one included; memory of recursions apart.
  virtual std::int64_t context() const = 0;
  // How many of those lie in the future (`padding: centered`).
  virtual std::int64_t ahead() const { return 0; }
  // Gap frames that a layout needs around stimuli.
  virtual std::int64_t gap() const { return context() - 1; }

  // Numbers a frame of its widest layer: what decides how many members fit the cache.
  virtual std::int64_t width() const;

  // x (M or 1, S, C F) -> the input of the output nonlinearity (M, S, N).
  virtual at::Tensor drive(const Tensors& tensors, const at::Tensor& x,
                           const ops::LayoutPtr& layout, const Pass& pass) const = 0;
  // The drive through the output nonlinearity and what follows it -> responses (M, S, N).
  virtual at::Tensor respond(const Tensors& tensors, const at::Tensor& drive,
                             const ops::LayoutPtr& layout) const;

  // The STRF kernels (M, K, C, F, L) as they are, and as exported, with batch norm folded in;
  // nothing for kinds that have none.
  virtual std::optional<at::Tensor> kernels(const Tensors& tensors) const {
    (void)tensors;
    return std::nullopt;
  }
  virtual std::optional<at::Tensor> exported_kernels(const Tensors& tensors) const {
    return kernels(tensors);
  }

  // ConfigError where its kernel is made of more pieces than it can need.
  virtual void require_possible() const {}

  // The kernel whose outputs are the drives themselves, one a unit, so that a closed-form solution
  // can be put there; null for the kinds with hidden units.
  virtual const Kernel* response_kernel() const { return nullptr; }

  const Output& output() const { return *output_; }

 protected:
  // Registers a piece; entries, start and constrain go through all in this order. Returns it.
  template <class P>
  P* add(std::unique_ptr<P> part) {
    P* raw = part.get();
    parts_.push_back(std::move(part));
    return raw;
  }
  // Likewise a piece with a row for each of the model's outputs: Entry::readout.
  template <class P>
  P* add_readout(std::unique_ptr<P> part) {
    readout_.insert(part.get());
    return add(std::move(part));
  }
  // Must be called once: the last piece.
  void set_output(std::unique_ptr<Output> output);

 private:
  std::vector<std::unique_ptr<Part>> parts_;
  std::set<const Part*> readout_;
  const Output* output_ = nullptr;
};

// What a backbone is built for.
struct BackboneShape {
  Axes axes;
  std::int64_t bands;     // F
  std::int64_t channels;  // C of the prefilter
  std::int64_t outputs;   // N
  bool non_negative;      // the responses are, counts or rates
  bool own_input;         // what the prefilter makes differs from member to member
};

using BackboneBuilder = std::function<std::unique_ptr<Backbone>(const BackboneShape&)>;

}  // namespace strffit
