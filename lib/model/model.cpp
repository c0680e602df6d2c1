#include "model/model.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "config/kind.hpp"
#include "model/output.hpp"
#include "ops/autograd.hpp"
#include "util/array.hpp"
#include "util/errors.hpp"

namespace strffit {

#define STRFFIT_MODEL(name) ModelSpec name##_kind(config::Node& node);
#include "model/kinds.inc"
#undef STRFFIT_MODEL

const std::vector<std::string>& model_kinds() {
  static const std::vector<std::string> kinds = {
#define STRFFIT_MODEL(name) #name,
#include "model/kinds.inc"
#undef STRFFIT_MODEL
  };
  return kinds;
}

namespace {

ModelSpec read_kind(const std::string& kind, config::Node& node) {
#define STRFFIT_MODEL(name) \
  if (kind == #name) return name##_kind(node);
#include "model/kinds.inc"
#undef STRFFIT_MODEL
  throw Bug("model kind " + kind + " is listed but not built");
}

}  // namespace

ModelSpec read_model(config::Node& node) {
  const auto kind = node.choice("kind", "", model_kinds(), "which model");
  auto spec = read_kind(kind, node);
  spec.kind = kind;
  auto prefilter =
      config::map_with_kind(node, "prefilter", "applied to the spectrogram before the model");
  spec.prefilter = read_prefilter(prefilter);
  return spec;
}

std::unique_ptr<Model> ModelSpec::build(const Axes& axes, std::int64_t outputs,
                                        bool non_negative_responses) const {
  auto filter = prefilter.build(axes);
  const BackboneShape shape{axes,
                            static_cast<std::int64_t>(axes.frequencies_hz.size()),
                            static_cast<std::int64_t>(filter->channels().size()),
                            outputs,
                            non_negative_responses,
                            filter->learns()};
  auto network = backbone(shape);
  return std::make_unique<Model>(kind, std::move(filter), std::move(network), axes, outputs);
}

Model::Model(std::string kind, std::unique_ptr<Prefilter> prefilter,
             std::unique_ptr<Backbone> backbone, Axes axes, std::int64_t outputs)
    : kind_(std::move(kind)),
      prefilter_(std::move(prefilter)),
      backbone_(std::move(backbone)),
      axes_(std::move(axes)),
      outputs_(outputs),
      entries_(prefilter_->entries()) {
  for (auto& entry : entries_) entry.rate_group = RateGroup::prefilter;
  const auto rest = backbone_->entries();
  entries_.insert(entries_.end(), rest.begin(), rest.end());
}

std::vector<double> Model::lags_ms() const {
  std::vector<double> lags;
  for (std::int64_t place = 0; place < context(); ++place) {
    lags.push_back(lag_ms(static_cast<double>(place), ahead(), axes_));
  }
  return lags;
}

std::int64_t Model::parameter_count() const {
  std::int64_t numbers = 0;
  for (const auto& entry : entries_) {
    if (entry.is_learnt()) numbers += count(entry.shape);
  }
  return numbers;
}

Tensors Model::start(const std::vector<Random>& random) const {
  Tensors all;
  for (const auto& entry : entries_) {
    auto shape = entry.shape;
    shape.insert(shape.begin(), static_cast<std::int64_t>(random.size()));
    all[entry.name] = at::zeros(shape, at::kFloat);
  }
  for (std::size_t m = 0; m < random.size(); ++m) {
    Tensors member;
    for (auto& [name, tensor] : all) member[name] = tensor[static_cast<std::int64_t>(m)];
    auto generator = random[m];
    prefilter_->start(member, generator);
    backbone_->start(member, generator);
  }
  return all;
}

void Model::constrain(Tensors& tensors) const {
  const ops::WithoutGradients guard;
  prefilter_->constrain(tensors);
  backbone_->constrain(tensors);
}

at::Tensor Model::drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                        const Pass& pass) const {
  return backbone_->drive(tensors, prefilter_->apply(tensors, x, layout), layout, pass);
}

at::Tensor Model::respond(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                          const Pass& pass) const {
  return backbone_->respond(tensors, drive(tensors, x, layout, pass), layout);
}

std::vector<Measure> Model::measures(const Tensors& tensors) const {
  const ops::WithoutGradients guard;
  auto all = prefilter_->measures(tensors, axes_);
  const auto rest = backbone_->measures(tensors, axes_);
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

at::Tensor Model::dynamic_strf(const Tensors& tensors, const at::Tensor& x,
                               std::int64_t lags) const {
  const auto T = x.size(1), F = x.size(2), N = outputs_, future = ahead();
  if (lags <= future) throw Bug("a dynamic STRF without its current frame");
  const auto layout = ops::join({T}, gap());
  const auto begin = layout->segments.front().begin;
  auto joined = at::zeros({1, layout->total, F}, x.options());
  joined.narrow(1, begin, T).copy_(x);
  auto result = at::zeros({N, T, F, lags}, x.options());
  // In each window of frames, one frame is asked for. All these frames get their own derivatives in
  // one backward pass, because no derivative crosses from window to window. A window has `lags`
  // frames, and before them `future` frames: an input that is ahead of the oldest lags may depend
  // on those.
  const auto window = lags + future;
  for (std::int64_t phase = 0; phase < window; ++phase) {
    const auto input = joined.detach().requires_grad_(true);
    const auto response = respond(tensors, input, ops::with_windows(*layout, window, phase));
    const auto asked = (phase + lags - 1) % window;  // and every window-th after it
    for (std::int64_t n = 0; n < N; ++n) {
      auto weight = at::zeros_like(response);
      for (std::int64_t t = asked; t < T; t += window) weight[0][begin + t][n].fill_(1);
      const auto gradient = ops::gradients(response, weight, {input}, n + 1 < N)
                                .front()[0]
                                .narrow(0, begin, T);  // (T, F)
      for (std::int64_t l = 0; l < lags; ++l) {
        const auto lag = l - future;
        // frames t = asked, asked + window, ... with 0 <= t - lag < T
        const auto first = asked >= lag ? asked : asked + window;
        const auto end = std::min(T, T + lag);
        if (first >= end) continue;
        const auto frames = at::arange(first, end, window, at::kLong);
        result.select(3, l).select(0, n).index_copy_(0, frames,
                                                     gradient.index_select(0, frames - lag));
      }
    }
  }
  return result;
}

Tensors select_members(const Tensors& tensors, const std::vector<std::int64_t>& which) {
  const auto index = at::tensor(which, at::kLong);
  Tensors result;
  for (const auto& [name, tensor] : tensors)
    result[name] = tensor.index_select(0, index.to(tensor.device()));
  return result;
}

}  // namespace strffit
