// A small configuration with every way of reading a key, for the tests of this room.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/document.hpp"

namespace strffit::config {

struct Settings {
  std::string file;
  std::variant<double, std::string> smooth_ms;
  std::vector<std::string> units;
  std::string standardise;
  std::string kind;
  int hidden = 0;
  std::string kernel;
  int rank = 0;
  bool rectify = false;
  double learning_rate = 0;
  double momentum = 0;
  double fraction = 0;
  std::variant<std::int64_t, std::string> batch;
  std::vector<std::int64_t> seeds;
  std::vector<double> penalties;
  std::int64_t memory = 0;

  bool operator==(const Settings&) const = default;
};

inline Settings read_settings(Node root) {
  Settings s;
  Node data = root.map("data", "What is fitted");
  s.file = data.get("file", "", "Dataset, a path");
  s.smooth_ms = data.number_or("smooth_ms", "off", above(0), {"off"}, "Width of the smoothing, ms");
  s.units = data.strings("units", {"all"}, "Units | by id");
  s.standardise =
      data.choice("standardise", "true", {"true", "false", "per_band"}, "Zero mean, unit variance");
  Node model = root.map("model", "The model");
  s.kind = model.choice("kind", "linear", {"linear", "ln", "nrf"}, "Kind of model");
  s.hidden = model.get("hidden", 20, at_least(1), "Hidden units");
  Node kernel = model.map("kernel", "Form of the kernels");
  s.kernel = kernel.choice("kind", "full", {"full", "separable"}, "Form");
  s.rank = kernel.get("rank", 1, between(1, 8), "Rank");
  s.rectify = model.get("rectify", true, "Whether negative values become 0");
  Node fit = root.map("fit", "How it is fitted");
  s.learning_rate = fit.get("learning_rate", 1e-3, above(0), "Step size");
  s.momentum = fit.get("momentum", 0.9, Range{.low = 0, .high = 1, .high_open = true}, "Inertia");
  s.fraction = fit.get("fraction", 0.1, between(0, 1), "Share of the stimuli");
  s.batch = fit.integer_or("batch", std::int64_t{4}, at_least(1), {"all"}, "Stimuli a step");
  s.seeds = fit.integers("seeds", {0}, at_least(0), "Random seeds");
  s.penalties = fit.numbers("penalties", {0.1, 1}, at_least(0), "Penalties to try");
  s.memory = fit.get("memory", std::int64_t{1} << 40, any(), "Bytes");
  root.finish();
  return s;
}

}  // namespace strffit::config
