#include "training/study.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>
#include <numeric>

#include "metrics/responses.hpp"

namespace strffit {

FoldData::FoldData(const Dataset& dataset, const Partition& partition,
                   const Standardisation& standardisation, std::int64_t gap,
                   const at::Device& device)
    : gap_(gap) {
  const auto piece = [&](std::size_t index) {
    const auto& stimulus = dataset.stimuli[index];
    auto spectrogram = stimulus.spectrogram;
    standardisation.apply(spectrogram);
    auto means = target(stimulus.responses);
    const auto F = spectrogram.dim(0), T = spectrogram.dim(1), N = means.dim(0);
    Piece result{at::zeros({gap + T, F}),
                 at::full({N, gap + T}, std::numeric_limits<float>::quiet_NaN()), T};
    result.x.narrow(0, gap, T).copy_(at::from_blob(spectrogram.data(), {F, T}, at::kFloat).t());
    result.targets.narrow(1, gap, T).copy_(at::from_blob(means.data(), {N, T}, at::kFloat));
    result.x = result.x.to(device);
    result.targets = result.targets.to(device);
    return result;
  };
  for (const auto index : partition.train) train_.push_back(piece(index));
  std::vector<const Piece*> whole;
  for (const auto& one : train_) {
    single_.push_back(joined({&one}));
    whole.push_back(&one);
  }
  all_ = joined(whole);
  const auto targets = all_.targets.cpu();
  for (std::int64_t n = 0; n < targets.size(0); ++n) {
    const auto counts = at::isnan(targets[n]).logical_not();
    const auto y = targets[n].masked_select(counts).to(at::kDouble);
    const double spread = y.numel() > 1 ? y.std().item<double>() : 0.0;
    target_spread_.emplace_back(y.numel() > 0 ? y.mean().item<double>() : 0.0,
                                spread > 0 ? spread : 1.0);
  }

  if (partition.valid.empty()) return;
  std::vector<Piece> held_out;
  std::vector<const Piece*> pointers;
  for (const auto index : partition.valid) held_out.push_back(piece(index));
  for (const auto& one : held_out) pointers.push_back(&one);
  valid_ = joined(pointers);
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

Batch FoldData::joined(const std::vector<const Piece*>& pieces) const {
  std::vector<at::Tensor> inputs, targets;
  std::vector<std::int64_t> lengths;
  for (const auto* one : pieces) {
    inputs.push_back(one->x);
    targets.push_back(one->targets);
    lengths.push_back(one->frames);
  }
  Batch batch;
  batch.layout = ops::join(lengths, gap_);
  batch.x = at::constant_pad_nd(at::cat(inputs, 0), {0, 0, 0, gap_}).unsqueeze(0);
  batch.targets =
      at::constant_pad_nd(at::cat(targets, 1), {0, gap_}, std::numeric_limits<double>::quiet_NaN());
  return batch;
}

Batch FoldData::batch(const std::vector<std::int64_t>& places) const {
  if (places.size() == 1) return single_[static_cast<std::size_t>(places.front())];
  if (places.size() == train_.size())
    return all_;  // every member sees every stimulus: their order is nothing
  std::vector<const Piece*> pieces;
  for (const auto place : places) pieces.push_back(&train_[static_cast<std::size_t>(place)]);
  return joined(pieces);
}

}  // namespace strffit
