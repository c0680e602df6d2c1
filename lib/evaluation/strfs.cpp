#include "evaluation/strfs.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <span>

#include "formats/arrays.hpp"
#include "metrics/strf_summary.hpp"
#include "model/output.hpp"
#include "ops/gemm.hpp"
#include "training/input.hpp"
#include "util/nan.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

// Gradient at every frame, (N, T, F, L). `one` has exactly one member.
at::Tensor dynamic(const FittedModel& one, const Array<float>& spectrogram) {
  const auto x = at::zeros({1, spectrogram.dim(1), spectrogram.dim(0)});
  put_input(x, 0, spectrogram, one.standardisation.front());
  return one.model->dynamic_strf(one.tensors, x, one.model->context());
}

// Sets the fields of skipped units to NaN, because these units were not fitted. `axis`: the axis of
// the units.
void forget_skipped(at::Tensor& fields, std::int64_t axis, const Roster& roster) {
  if (roster.independent()) return;
  for (const auto& skipped : roster.skipped) {
    fields.select(axis, skipped.unit).fill_(std::numeric_limits<float>::quiet_NaN());
  }
}

// Adds the measures of result.shown().
void summarise_shown(Fields& result, const Axes& axes, std::int64_t ahead) {
  const Array<float>& fields = result.shown();
  const Shape outer(fields.shape.begin(), fields.shape.end() - 2);
  const auto size =
      static_cast<std::size_t>(fields.shape.at(outer.size()) * fields.shape.at(outer.size() + 1));
  for (const auto& measure : kStrfMeasures) {
    result.summary.emplace(measure.name, Array<float>(outer));
  }
  auto& at_edge = result.summary.emplace(kAtEdge, Array<float>(outer)).first->second;
  const auto number = static_cast<std::size_t>(count(outer));
  for (std::size_t i = 0; i < number; ++i) {
    const StrfSummary summary =
        strf_summary(std::span(fields.values).subspan(i * size, size), axes, ahead);
    for (const auto& measure : kStrfMeasures) {
      result.summary.at(std::string(measure.name)).values[i] =
          static_cast<float>(summary.*measure.value);
    }
    at_edge.values[i] = summary.at_edge ? 1.0F : 0.0F;
    if (std::isnan(summary.best_frequency_hz)) at_edge.values[i] = kNaN;
  }
}

// Fields (M, K, rows..., L) multiplied by the standard deviation of each row, (M, rows...).
Array<float> per_sd(const Array<float>& fields, const Array<float>& spread) {
  Array<float> scaled(fields.shape);
  const auto M = fields.dim(0), K = fields.dim(1), L = fields.shape.back();
  const auto rows = spread.size() / std::max<std::int64_t>(1, M);
  for (std::int64_t i = 0; i < M * K * rows; ++i) {
    const float factor = spread.data()[i / (K * rows) * rows + i % rows];
    std::transform(fields.data() + i * L, fields.data() + (i + 1) * L, scaled.data() + i * L,
                   [factor](float value) { return value * factor; });
  }
  return scaled;
}

std::string value_of(const Model& model) {
  if (model.backbone().response_kernel() == nullptr) return "hidden drive";
  return model.backbone().output().kind() == "identity" ? "response" : "drive";
}

}  // namespace

Fields summarised(Array<float> fields, const Axes& axes, std::int64_t ahead, Array<float> per_sd,
                  Weights weights) {
  Fields result{std::move(fields), {}};
  result.per_sd = std::move(per_sd);
  result.weights = weights;
  summarise_shown(result, axes, ahead);
  return result;
}

Fields summarised_gradients(Array<float> fields, const FittedModel& fitted, Weights weights) {
  Fields result{std::move(fields), {}};
  if (fitted.spread.known()) {
    result.per_sd = per_sd(result.fields, fitted.spread.spectrogram);
    result.weights = weights;
  }
  summarise_shown(result, fitted.model->axes(), fitted.model->ahead());
  return result;
}

Strfs kernel_strfs(const FittedModel& fitted, Weights weights) {
  const Model& model = *fitted.model;
  Strfs strfs;
  strfs.channels = model.channels();
  strfs.frequencies_hz = model.axes().frequencies_hz;
  strfs.lags_ms = model.lags_ms();
  // One member at a time: then a subset of the members gives bit-identical results.
  std::map<std::string, std::vector<at::Tensor>> measures;
  std::optional<Array<float>> known;
  const auto members = fitted.members();
  const bool kernel_a_unit = model.backbone().response_kernel() != nullptr;
  for (std::int64_t m = 0; m < members; ++m) {
    const Tensors one = select_members(fitted.tensors, {m});
    for (const auto& measure : model.measures(one))
      measures[measure.name].push_back(measure.values);
    auto kernel = model.kernels(one);
    if (!kernel) continue;
    if (kernel_a_unit) forget_skipped(*(kernel = kernel->clone()), 1, fitted.roster);
    const auto values = to_array(*kernel);
    if (!known) {
      Shape shape = values.shape;
      shape.at(0) = members;
      known.emplace(std::move(shape));
    }
    std::copy(values.values.begin(), values.values.end(), known->data() + m * values.size());
  }
  for (const auto& [name, values] : measures) {
    const bool same_for_all = values.front().dim() < 2;  // see Measure
    strfs.measures.emplace(name, to_array(same_for_all ? values.front() : at::cat(values)));
  }
  strfs.value = value_of(model);
  strfs.kernel_a_unit = kernel_a_unit;
  if (!known) return strfs;
  strfs.kernel = Fields{std::move(*known), {}};
  if (fitted.spread.known()) {
    strfs.kernel->per_sd = per_sd(strfs.kernel->fields, fitted.spread.channels);
    strfs.kernel->weights = weights;
  }
  summarise_shown(*strfs.kernel, model.axes(), model.ahead());
  return strfs;
}

Array<float> gradient_strfs(const FittedModel& fitted, const Dataset& dataset,
                            const std::vector<std::size_t>& which, int threads,
                            const std::function<void()>& between) {
  const Model& model = *fitted.model;
  const auto members = fitted.members();
  const auto bands = dataset.bands(), lags = model.context();
  std::vector<const Stimulus*> long_enough;
  for (const auto index : which) {
    const Stimulus& stimulus = dataset.stimuli.at(index);
    if (stimulus.frames() > lags) long_enough.push_back(&stimulus);
  }
  if (long_enough.empty()) {
    return Array<float>({members, model.outputs(), bands, lags},
                        std::numeric_limits<float>::quiet_NaN());
  }
  std::int64_t frames = 0;
  for (const Stimulus* stimulus : long_enough) frames += stimulus->frames() - lags;

  Array<float> means({members, model.outputs(), bands, lags});
  for (std::int64_t member = 0; member < members; ++member) {
    const FittedModel one = fitted.select({member});
    at::Tensor mean = at::zeros({1, model.outputs(), bands, lags}, at::kDouble);
    // One stimulus per thread: each needs N T F L numbers.
    const auto group = static_cast<std::size_t>(std::max(threads, 1));
    for (std::size_t first = 0; first < long_enough.size(); first += group) {
      between();
      const auto last = std::min(long_enough.size(), first + group);
      std::vector<at::Tensor> sums(last - first);
      parallel_for(static_cast<std::int64_t>(last - first), threads, [&](std::int64_t i) {
        if (threads > 1) ops::stay_on_this_thread();
        const auto place = static_cast<std::size_t>(i);
        const Stimulus& stimulus = *long_enough[first + place];
        sums[place] = dynamic(one, stimulus.spectrogram)
                          .narrow(1, lags - model.ahead(), stimulus.frames() - lags)
                          .sum(1, false, at::kDouble);
      });
      // Sum in the order of the stimuli, so the result does not depend on the order of the threads.
      for (const auto& sum : sums) mean[0] += sum;
    }
    forget_skipped(mean, 1, fitted.roster);
    const auto values = to_array(mean / static_cast<double>(frames));
    std::copy(values.values.begin(), values.values.end(), means.data() + member * values.size());
  }
  return means;
}

Array<float> dynamic_strf(const FittedModel& fitted, std::int64_t member,
                          const Array<float>& spectrogram) {
  at::Tensor fields = dynamic(fitted.select({member}), spectrogram);
  forget_skipped(fields, 0, fitted.roster);
  return to_array(fields);
}

}  // namespace strffit
