#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>
#include <mutex>

#include "ops/adaptation.hpp"
#include "prefilter/band_centres.hpp"
#include "prefilter/kernel_frames.hpp"
#include "prefilter/prefilter.hpp"

namespace strffit {
namespace {

// Adaptation to the mean level as in the inferior colliculus (Willmore et al. 2016), without
// learning.
class Willmore : public Prefilter {
 public:
  Willmore(const BandCentres& centres, std::int64_t kernel_frames, bool rectify, const Axes& axes)
      : kernel_frames_(kernel_frames), rectify_(rectify) {
    std::vector<double> a;
    for (const double tau_ms :
         colliculus_time_constants_ms(centres.frequencies_hz(axes.frequencies_hz))) {
      a.push_back(std::exp(-axes.dt_ms / tau_ms));
    }
    a_ = at::tensor(a, at::kDouble);
  }

  std::vector<Entry> entries() const override { return {}; }
  void start(Tensors&, Random&) const override {}
  std::vector<std::string> channels() const override { return {"input"}; }
  at::Tensor apply(const Tensors&, const at::Tensor& x,
                   const ops::LayoutPtr& layout) const override {
    return ops::willmore(x, shares_on(x.device()), kernel_frames_, rectify_, layout);
  }

 private:
  // Copied to the device once: a step must not wait for a transfer.
  at::Tensor shares_on(const at::Device& device) const {
    if (device.is_cpu()) return a_;
    const std::lock_guard lock(mutex_);
    if (!elsewhere_.defined() || elsewhere_.device() != device) elsewhere_ = a_.to(device);
    return elsewhere_;
  }

  std::int64_t kernel_frames_;
  bool rectify_;
  at::Tensor a_;  // (F)
  mutable std::mutex mutex_;
  mutable at::Tensor elsewhere_;  // a_ on the device of the last call
};

}  // namespace

PrefilterSpec willmore_prefilter(config::Node& node);
PrefilterSpec willmore_prefilter(config::Node& node) {
  const bool rectify = node.get("rectify", true, "apply max(0, .)");
  const auto kernel_frames = read_kernel_frames(node);
  const auto centres = read_band_centres(node);
  return {.build = [=](const Axes& axes) {
    return std::make_unique<Willmore>(centres, kernel_frames, rectify, axes);
  }};
}

}  // namespace strffit
