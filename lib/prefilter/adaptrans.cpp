#include "prefilter/adaptrans.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "prefilter/kernel_frames.hpp"

namespace strffit {
namespace {

const std::string kOn = "prefilter/d_on", kOff = "prefilter/d_off", kWeight = "prefilter/p";

class Adaptrans : public Prefilter {
 public:
  Adaptrans(const AdaptransOptions& options, const Axes& axes) : options_(options) {
    for (const double tau_ms :
         colliculus_time_constants_ms(options.centres.frequencies_hz(axes.frequencies_hz))) {
      // a = 1 / (1 + d^2) = exp(-dt / tau)
      start_d_.push_back(static_cast<float>(std::sqrt(std::expm1(axes.dt_ms / tau_ms))));
    }
  }

  std::vector<Entry> entries() const override {
    const auto role = options_.learnable ? Role::learnt : Role::fixed;
    const std::vector<std::int64_t> bands = {static_cast<std::int64_t>(start_d_.size())};
    return {{kOn, bands, role}, {kOff, bands, role}, {kWeight, bands, role}};
  }
  void start(Tensors& member, Random&) const override {
    const auto d = at::tensor(at::ArrayRef<float>(start_d_));
    member.at(kOn).copy_(d);
    member.at(kOff).copy_(d);
    member.at(kWeight).fill_(std::sqrt(1 / kAdaptransStartWeight - 1));
  }
  std::vector<std::string> channels() const override { return {"ON", "OFF"}; }
  bool learns() const override { return options_.learnable; }
  // a = exp(-dt / tau) = 1 / (1 + d^2), so tau = dt / log(1 + d^2).
  std::vector<Measure> measures(const Tensors& tensors, const Axes& axes) const override {
    const auto time_constant = [&](const at::Tensor& d) {
      return axes.dt_ms / at::log1p(d.square());
    };
    return {{"prefilter/time_constant_on_ms", time_constant(tensors.at(kOn))},
            {"prefilter/time_constant_off_ms", time_constant(tensors.at(kOff))},
            {"prefilter/weight", 1 / (1 + tensors.at(kWeight).square())},
            {"prefilter/start_time_constant_ms",
             time_constant(at::tensor(at::ArrayRef<float>(start_d_)))},
            {"prefilter/start_weight",
             at::full({static_cast<std::int64_t>(start_d_.size())}, kAdaptransStartWeight)}};
  }
  at::Tensor apply(const Tensors& tensors, const at::Tensor& x,
                   const ops::LayoutPtr& layout) const override {
    return ops::adaptrans(x, tensors.at(kOn), tensors.at(kOff), tensors.at(kWeight),
                          options_.kernel_frames, options_.rectify, layout);
  }

 private:
  AdaptransOptions options_;
  std::vector<float> start_d_;  // (F)
};

}  // namespace

PrefilterSpec adaptrans_prefilter(config::Node& node) {
  AdaptransOptions o;
  o.learnable = node.get("learnable", o.learnable, "learn time constants and weights of each band");
  o.rectify = node.get("rectify", o.rectify, "apply max(0, .) to ON and OFF");
  o.kernel_frames = read_kernel_frames(node);
  o.centres = read_band_centres(node);
  return {.learns = o.learnable,
          .build = [o](const Axes& axes) { return std::make_unique<Adaptrans>(o, axes); }};
}

}  // namespace strffit
