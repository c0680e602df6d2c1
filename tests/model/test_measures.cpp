// What fitted numbers mean in ms and Hz.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "config/document.hpp"
#include "model/model.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

using namespace strffit;

namespace {

std::map<std::string, at::Tensor> measures_of(const std::string& model,
                                              Tensors (*change)(Tensors) = nullptr) {
  auto document = config::Document::from_text("model: " + model, "test");
  auto root = document.root();
  auto node = root.map("model", "");
  const auto built =
      read_model(node).build({5.0, {500, 1000, 2000, 4000, 8000, 16000, 20000}}, 2, true);
  auto tensors = built->start({Random(1), Random(2)});
  if (change) tensors = change(tensors);
  std::map<std::string, at::Tensor> result;
  for (const auto& measure : built->measures(tensors)) result[measure.name] = measure.values;
  return result;
}

}  // namespace

TEST_CASE("AdapTrans starts with the colliculus's time constants and weight 0.75") {
  // Reference: tau = 500 - 105 log10(f) ms (Willmore et al. 2016). Tolerance: d = sqrt(exp(dt /
  // tau) - 1) in float32.
  const auto measures = measures_of("{kind: linear, prefilter: {kind: adaptrans}}");
  const double tau_ms = 500 - 105 * std::log10(2000.0);
  for (const auto* name : {"prefilter/time_constant_on_ms", "prefilter/time_constant_off_ms"}) {
    CHECK(measures.at(name)[1][2].item<double>() == doctest::Approx(tau_ms).epsilon(1e-5));
  }
  CHECK(measures.at("prefilter/start_time_constant_ms")[2].item<double>() ==
        doctest::Approx(tau_ms).epsilon(1e-5));
  CHECK(measures.at("prefilter/weight")[0][6].item<double>() ==
        doctest::Approx(0.75).epsilon(1e-6));
}

TEST_CASE("a Gaussian between two bands lies at their geometric mean, its lag in ms") {
  const auto measures = measures_of("{kind: ln, context: 6, kernel: {kind: dcls, gaussians: 3}}",
                                    [](Tensors tensors) {
                                      tensors.at("strf/position").select(1, 0).fill_(1.5);
                                      tensors.at("strf/position").select(1, 1).fill_(4);
                                      tensors.at("strf/sigma").fill_(-1);
                                      return tensors;
                                    });
  CHECK(measures.at("strf/position_hz").sizes() == at::IntArrayRef({2, 2, 1, 3}));
  CHECK(measures.at("strf/position_hz")[1][0][0][2].item<double>() ==
        doctest::Approx(std::sqrt(1000.0 * 2000.0)));
  CHECK(measures.at("strf/position_ms")[0][1][0][0].item<double>() == doctest::Approx(20.0));
  CHECK(measures.at("strf/width_ms")[0][0][0][0].item<double>() ==
        doctest::Approx(1.27 * 5).epsilon(1e-6));
  // The current frame of a centered kernel of 7 frames is its fourth.
  const auto centered =
      measures_of("{kind: ln, context: 7, padding: centered, kernel: {kind: dcls, gaussians: 3}}",
                  [](Tensors tensors) {
                    tensors.at("strf/position").fill_(1);
                    return tensors;
                  });
  CHECK(centered.at("strf/position_ms")[0][1][0][0].item<double>() == -10);
  CHECK(measures.at("strf/width_bands")[0][0][0][0].item<double>() ==
        doctest::Approx(1.27).epsilon(1e-6));
}

TEST_CASE("leaky units have time constants of (1 + d^2) frames") {
  const auto measures = measures_of("{kind: dnet, hidden: 4}", [](Tensors tensors) {
    tensors.at("hidden_decay/d").fill_(2);
    tensors.at("output_decay/d").fill_(0);
    return tensors;
  });
  CHECK(measures.at("hidden_decay/time_constant_ms")[1][3].item<double>() == doctest::Approx(25.0));
  CHECK(measures.at("output_decay/time_constant_ms")[0][1].item<double>() == doctest::Approx(5.0));
}
