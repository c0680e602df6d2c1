#include "training/batching.hpp"

#include <algorithm>
#include <map>

#include "training/device.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

using Index = std::int64_t;

// Cache memory that a step may use, which limits the size of a chunk. Members that share their
// input gain from one large product, so their limit is larger. Products with more than kColumns
// columns gain nothing, and smaller chunks divide more evenly among threads.
constexpr double kOwnInputBytes = 2.0 * 1024 * 1024, kSharedInputBytes = 16.0 * 1024 * 1024;
constexpr Index kColumns = 128;

// Limits on a GPU: kOnGpu members keep it busy, and a step of a chunk may use kStepOnGpu bytes.
// kKept and kKeptInValidation are the numbers per frame and unit of the widest layer that LibTorch
// keeps for the backward pass, and in validation. The limits do not depend on the memory of the
// GPU, because tasks of one run on different GPUs must be cut in the same way.
constexpr Index kOnGpu = 512;
constexpr double kStepOnGpu = 4.0 * 1024 * 1024 * 1024, kKept = 32, kKeptInValidation = 8;

struct Frames {
  Index step, epoch, validation;  // gap frames included
};

// Numbers of frames for one member: per step, per epoch, and for validation.
Frames frames_of(const Plan& plan, Index member) {
  const auto fold = plan.members[static_cast<std::size_t>(member)].fold;
  const auto batch = plan.fit_of(member).batch;
  const auto& partition = plan.partitions[static_cast<std::size_t>(fold)];
  const Index gap = plan.model->gap(), stimuli = static_cast<Index>(partition.train.size());
  const auto joined = [&](const std::vector<std::size_t>& some) {
    Index total = gap;
    for (const auto s : some) total += plan.dataset->stimuli[s].frames() + gap;
    return total;
  };
  const auto total = joined(partition.train);
  return {batch == kAllStimuli ? total : total / stimuli * batch, total, joined(partition.valid)};
}

Index chunk_size(const Plan& plan, const RunOptions& run, Index group, Index member) {
  if (run.chunk > 0) return std::min(run.chunk, group);
  const bool own = plan.model->prefilter().learns();
  const auto widest = plan.model->backbone().width();
  const auto inputs = static_cast<double>(plan.dataset->bands() *
                                          static_cast<Index>(plan.model->channels().size()));
  const auto wide = static_cast<double>(widest);
  const auto frame_bytes = static_cast<double>(frames_of(plan, member).step) * 4;
  const auto device = device_of(run);
  if (!device.is_cpu()) {
    const double validation = static_cast<double>(frames_of(plan, member).validation) * 4;
    const double bytes = std::max(frame_bytes * ((own ? 3 * inputs : 0) + kKept * wide),
                                  validation * ((own ? 2 * inputs : 0) + kKeptInValidation * wide));
    return std::clamp<Index>(std::min(static_cast<Index>(kStepOnGpu / bytes), kOnGpu), 1, group);
  }
  const double bytes = frame_bytes * (own ? 2 * inputs + 3 * wide : 3 * wide);
  const auto fitting = static_cast<Index>((own ? kOwnInputBytes : kSharedInputBytes) / bytes);
  const Index threads = threads_of(run), even = (group + threads - 1) / threads;
  return std::clamp<Index>(std::min({fitting, even, kColumns / widest}), 1, group);
}

}  // namespace

std::vector<std::vector<Index>> cut(const Plan& plan, const RunOptions& run) {
  const auto& members = plan.members;
  const auto M = static_cast<Index>(members.size());
  std::vector<std::vector<Index>> chunks;
  for (Index begin = 0, end = 0; begin < M; begin = end) {
    const auto& first = members[static_cast<std::size_t>(begin)];
    // If a step takes all stimuli, their order has no effect and seeds may be mixed. A chunk has
    // members of one setting.
    const bool orders_differ = plan.fit_of(begin).batch != kAllStimuli || plan.settings.size() > 1;
    while (end < M && members[static_cast<std::size_t>(end)].fold == first.fold &&
           members[static_cast<std::size_t>(end)].setting == first.setting &&
           (!orders_differ || members[static_cast<std::size_t>(end)].seed == first.seed)) {
      ++end;
    }
    const auto size = chunk_size(plan, run, end - begin, begin);
    for (Index from = begin; from < end; from += size) {
      auto& chunk = chunks.emplace_back();
      for (Index m = from; m < std::min(end, from + size); ++m) chunk.push_back(m);
    }
  }
  return chunks;
}

double cost(const Plan& plan, const std::vector<Index>& chunk) {
  const auto epochs =
      plan.fit.solver == Solver::ridge ? Index{1} : std::max<Index>(plan.fit.max_epochs, 1);
  return static_cast<double>(chunk.size()) * static_cast<double>(epochs) *
         static_cast<double>(frames_of(plan, chunk.front()).epoch) *
         static_cast<double>(plan.model->parameter_count());
}

Plan part_of(const Plan& plan, std::vector<std::vector<Index>> chunks, const Dataset& dataset) {
  std::map<FileUnit, Index> place_of;  // unit index in `dataset`
  for (Index unit = 0; unit < dataset.units(); ++unit) {
    place_of[dataset.file_units[static_cast<std::size_t>(unit)]] = unit;
  }
  Plan part = plan;
  part.dataset = &dataset;
  part.members.clear();
  part.unusable.clear();
  std::sort(chunks.begin(), chunks.end());
  for (auto& chunk : chunks) {
    for (auto& number : chunk) {
      Member member = plan.members[static_cast<std::size_t>(number)];
      if (member.unit >= 0) {
        member.unit = place_of.at(plan.dataset->file_units[static_cast<std::size_t>(member.unit)]);
      }
      number = static_cast<Index>(part.members.size());
      part.members.push_back(member);
    }
  }
  part.of_several_chunks = plan.chunks.size() > 1;
  part.chunks = std::move(chunks);
  return part;
}

}  // namespace strffit
