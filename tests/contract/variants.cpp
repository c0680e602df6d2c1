#include "variants.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "support/model_text.hpp"
#include "util/errors.hpp"

namespace strffit::test {
namespace {

const std::vector<std::string> kSmall{"context: 4",          "hidden: 3",           "channels: 3",
                                      "kernel_size: [2, 3]", "kernel_frequency: 4", "stride: 3"};

const std::vector<std::string> kOptions{
    "norm: none",
    "norm: batch",
    "norm: layer",
    "activation: tanh",
    "output: identity",
    "output: softplus",
    "output: parametric_sigmoid",
    "output: parametric_softplus",
    "output: double_exponential",
    "kernel: {kind: dcls, gaussians: 2}",
    "kernel: {kind: dcls, gaussians: 2, interpolation: bilinear}",
    "kernel: {kind: separable, rank: 2}",
    "cell: lstm",
    "decay_input: false",
    "init_tau: 5",
    "dropout: 0.3",
    "kernel_frames: 3",
    "readout: state_and_features",
    "leaky_units: 2",
    "leaky_units: 2, kernel: {kind: dcls, gaussians: 2}, decay_input: false, init_tau: 5",
    "leaky_units: 2, kernel_frames: 2, readout: state_and_features, dropout: 0.3, norm: batch",
};

const std::vector<std::string> kPrefilterOptions{"kernel_frames: 3", "rectify: false",
                                                 "learnable: false",
                                                 "scale: mel, min_freq_hz: 300, max_freq_hz: 9000"};

bool accepted(const std::string& model) {
  try {
    spec_of(model);
  } catch (const ConfigError&) {
    return false;
  }
  return true;
}

// "{kind: nrf, hidden: 3" of a kind, not closed.
std::string small(const std::string& kind) {
  std::string text = "{kind: " + kind;
  for (const auto& option : kSmall) {
    if (accepted(text + ", " + option + "}")) text += ", " + option;
  }
  return text;
}

std::string prefiltered(const std::string& prefilter, const std::string& option = "") {
  return ", prefilter: {kind: " + prefilter + (option.empty() ? "" : ", " + option) + "}";
}

}  // namespace

const std::vector<std::string>& model_variants() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> texts;
    const auto add = [&texts](const std::string& text) {
      if (accepted(text)) texts.push_back(text);
    };
    for (const auto& kind : model_kinds()) {
      const auto text = small(kind);
      for (const auto& prefilter : prefilter_kinds()) {
        add(text + prefiltered(prefilter) + "}");
        for (const auto& option : kOptions)
          add(text + ", " + option + prefiltered(prefilter) + "}");
        for (const auto& option : kPrefilterOptions)
          add(text + prefiltered(prefilter, option) + "}");
      }
    }
    return texts;
  }();
  return all;
}

Pass training_pass(std::int64_t members) {
  return {true, at::arange(members, at::kLong) * 1000 + 17, at::full({}, 5, at::kLong)};
}

Pass training_pass_of(std::int64_t member, std::int64_t members) {
  auto pass = training_pass(members);
  pass.keys = pass.keys.narrow(0, member, 1);
  return pass;
}

std::vector<std::string> centered_variants() {
  std::vector<std::string> texts;
  for (const auto& kind : model_kinds()) {
    auto text = small(kind);
    // An even number of frames has no middle.
    if (const auto at = text.find("context: 4"); at != std::string::npos) text[at + 9] = '5';
    for (const auto& prefilter : prefilter_kinds()) {
      for (const char* const option :
           {"", ", kernel: {kind: dcls, gaussians: 2}", ", kernel: {kind: separable, rank: 2}"}) {
        const auto centered = text + option + prefiltered(prefilter) + ", padding: centered}";
        if (accepted(centered)) texts.push_back(centered);
      }
    }
  }
  return texts;
}

std::vector<std::string> options_without_kind() {
  std::vector<std::string> lonely;
  const auto check = [&](const std::vector<std::string>& options) {
    for (const auto& option : options) {
      bool found = false;
      for (const auto& text : model_variants())
        found = found || text.find(option) != std::string::npos;
      if (!found) lonely.push_back(option);
    }
  };
  check(kSmall);
  check(kOptions);
  check(kPrefilterOptions);
  return lonely;
}

}  // namespace strffit::test
