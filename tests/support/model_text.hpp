// Models from a line of configuration.
#pragma once

#include <cmath>
#include <memory>
#include <string>

#include "config/document.hpp"
#include "model/model.hpp"

namespace strffit::test {

// Reads the value of the key `model`, for instance "{kind: ln, context: 5}", like a run, which
// refuses unknown keys. ConfigError.
inline ModelSpec spec_of(const std::string& model) {
  auto document = config::Document::from_text("model: " + model + "\n", "fit.yaml");
  auto root = document.root();
  auto node = root.map("model", "");
  auto spec = read_model(node);
  root.finish();
  return spec;
}

// The same for the key `prefilter`.
inline std::unique_ptr<Prefilter> prefilter_of(const std::string& prefilter, const Axes& axes) {
  auto document = config::Document::from_text("prefilter: " + prefilter + "\n", "fit.yaml");
  auto root = document.root();
  auto node = root.map("prefilter", "");
  const auto builder = read_prefilter(node).build;
  root.finish();
  return builder(axes);
}

// Band centres spaced logarithmically from 500 Hz, 3 per octave; frames of 5 ms.
inline Axes some_axes(std::int64_t bands) {
  Axes axes{.dt_ms = 5, .frequencies_hz = {}};
  for (std::int64_t f = 0; f < bands; ++f) {
    axes.frequencies_hz.push_back(500 * std::pow(2.0, static_cast<double>(f) / 3));
  }
  return axes;
}

inline Tensors in_type(const Tensors& tensors, at::ScalarType type) {
  Tensors result;
  for (const auto& [name, tensor] : tensors) result[name] = tensor.to(type);
  return result;
}

}  // namespace strffit::test
