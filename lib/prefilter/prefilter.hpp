// A transformation of the spectrogram before the receptive field.
#pragma once

#include <functional>
#include <memory>

#include "config/node.hpp"
#include "ops/layout.hpp"
#include "prefilter/part.hpp"
#include "util/axes.hpp"

namespace strffit {

class Prefilter : public Part {
 public:
  // Names of the output channels: {"input"}, {"ON", "OFF"}.
  virtual std::vector<std::string> channels() const = 0;
  // True if it is learnt, so that its output differs between members.
  virtual bool learns() const { return false; }
  // x (M or 1, S, F), standardised, any values at gap frames -> (M or 1, S, C F), channels one
  // after the other, zero at gap frames. M = 1 is kept if no member differs.
  virtual at::Tensor apply(const Tensors& tensors, const at::Tensor& x,
                           const ops::LayoutPtr& layout) const = 0;
};

using PrefilterBuilder = std::function<std::unique_ptr<Prefilter>(const Axes&)>;

// A prefilter as configured, before any data are known.
struct PrefilterSpec {
  bool learns = false;
  PrefilterBuilder build = {};  // DataError for axes that the prefilter cannot handle
};

// Reads the mapping `model.prefilter`. ConfigError before any data are opened.
PrefilterSpec read_prefilter(config::Node& node);

// All kinds; the first is "none".
const std::vector<std::string>& prefilter_kinds();

// Time constants of the inferior colliculus, ms per band: 500 - 105 log10(f) (Willmore et al.
// 2016). DataError naming a band whose time constant is not above 0, or infinite (0 Hz).
std::vector<double> colliculus_time_constants_ms(const std::vector<double>& frequencies_hz);

}  // namespace strffit
