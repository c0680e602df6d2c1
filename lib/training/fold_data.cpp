#include "training/fold_data.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>
#include <numeric>

#include "metrics/responses.hpp"
#include "training/input.hpp"

namespace strffit {

namespace {

// Joins the stimuli `indices` of the dataset, in this order.
Batch joined(const Dataset& dataset, const std::vector<std::size_t>& indices,
             const Standardisation& standardisation, std::int64_t gap, const at::Device& device) {
  std::vector<std::int64_t> lengths;
  for (const auto index : indices) lengths.push_back(dataset.stimuli[index].frames());
  Batch batch;
  batch.layout = ops::join(lengths, gap);
  const auto S = batch.layout->total;
  auto x = at::zeros({1, S, dataset.bands()});
  auto targets = at::full({dataset.units(), S}, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto& stimulus = dataset.stimuli[indices[i]];
    const auto [begin, T] = batch.layout->segments[i];
    put_input(x, begin, stimulus.spectrogram, standardisation);
    auto means = target(stimulus.responses);
    targets.narrow(1, begin, T)
        .copy_(at::from_blob(means.data(), {dataset.units(), T}, at::kFloat));
  }
  batch.x = x.to(device);
  batch.targets = targets.to(device);
  return batch;
}

}  // namespace

FoldData::FoldData(const Dataset& dataset, const Partition& partition,
                   const Standardisation& standardisation, std::int64_t gap,
                   const at::Device& device)
    : all_(joined(dataset, partition.train, standardisation, gap, device)) {
  for (const auto& segment : all_.layout->segments) {
    const auto from = segment.begin - gap, frames = segment.frames + 2 * gap;
    single_.push_back({all_.x.narrow(1, from, frames), all_.targets.narrow(1, from, frames),
                       ops::join({segment.frames}, gap)});
  }
  const auto targets = all_.targets.cpu();
  for (std::int64_t n = 0; n < targets.size(0); ++n) {
    const auto counts = at::isnan(targets[n]).logical_not();
    const auto y = targets[n].masked_select(counts).to(at::kDouble);
    const double spread = y.numel() > 1 ? y.std().item<double>() : 0.0;
    target_spread_.emplace_back(y.numel() > 0 ? y.mean().item<double>() : 0.0,
                                spread > 0 ? spread : 1.0);
  }

  if (partition.valid.empty()) return;
  valid_ = joined(dataset, partition.valid, standardisation, gap, device);
  std::vector<std::int64_t> starts;
  for (const auto& segment : valid_.layout->segments) starts.push_back(segment.begin);
  for (std::int64_t n = 0; n < dataset.units(); ++n) {
    std::vector<Trials> trials;
    for (const auto index : partition.valid) {
      const auto& responses = dataset.stimuli[index].responses;
      const auto R = responses.dim(1), T = responses.dim(2);
      trials.push_back({responses.data() + n * R * T, R, T});
    }
    scores_.emplace_back(trials, starts);
  }
}

Batch FoldData::batch(const std::vector<std::int64_t>& places) const {
  if (places.size() == 1) return single_[static_cast<std::size_t>(places.front())];
  if (places.size() == single_.size())
    return all_;  // all stimuli in one batch: their order has no effect
  const auto gap = all_.layout->gap;
  std::vector<at::Tensor> inputs, targets;
  std::vector<std::int64_t> lengths;
  for (const auto place : places) {
    const auto [begin, T] = all_.layout->segments[static_cast<std::size_t>(place)];
    // Each stimulus comes with the gap before it. The last one also has the gap after it.
    const auto frames = gap + T + (lengths.size() + 1 == places.size() ? gap : 0);
    inputs.push_back(all_.x.narrow(1, begin - gap, frames));
    targets.push_back(all_.targets.narrow(1, begin - gap, frames));
    lengths.push_back(T);
  }
  return {at::cat(inputs, 1), at::cat(targets, 1), ops::join(lengths, gap)};
}

}  // namespace strffit
