#include "metrics/responses.hpp"

#include <cmath>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

void check_starts(std::span<const Trials> stimuli, std::span<const std::int64_t> starts) {
  if (stimuli.size() != starts.size()) {
    throw Bug(fmt::format("metrics of {} stimuli at {} starts", stimuli.size(), starts.size()));
  }
}

void add_frame(std::int64_t frame, std::vector<FrameRun>& runs) {
  if (!runs.empty() && runs.back().end == frame) {
    ++runs.back().end;
  } else {
    runs.push_back({frame, frame + 1});
  }
}

// Number of the given trials that have a value at each frame.
std::vector<std::int64_t> trials_present(const Trials& stimulus,
                                         const std::vector<std::int64_t>& trials) {
  std::vector<std::int64_t> present(static_cast<std::size_t>(stimulus.frames));
  for (const std::int64_t i : trials) {
    const float* values = stimulus.trial(i);
    for (std::size_t t = 0; t < present.size(); ++t) present[t] += !std::isnan(values[t]);
  }
  return present;
}

std::vector<std::int64_t> trials_with_any_number(const Trials& stimulus) {
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < stimulus.trials; ++i) {
    const float* values = stimulus.trial(i);
    for (std::int64_t t = 0; t < stimulus.frames; ++t) {
      if (!std::isnan(values[t])) {
        kept.push_back(i);
        break;
      }
    }
  }
  return kept;
}

CompleteBlock complete_block(const Trials& stimulus, std::int64_t start) {
  const std::vector<std::int64_t> kept = trials_with_any_number(stimulus);
  const std::vector<std::int64_t> present = trials_present(stimulus, kept);
  const auto n_kept = static_cast<std::int64_t>(kept.size());
  CompleteBlock block;
  std::vector<std::int64_t> frames;
  for (std::int64_t t = 0; t < stimulus.frames; ++t) {
    if (present[static_cast<std::size_t>(t)] != n_kept) continue;
    frames.push_back(t);
    add_frame(start + t, block.mean.runs);
  }
  block.trials = n_kept;
  block.frames = static_cast<std::int64_t>(frames.size());
  block.values.reserve(kept.size() * frames.size());
  block.mean.y.resize(frames.size());
  for (const std::int64_t i : kept) {
    const float* values = stimulus.trial(i);
    for (std::size_t j = 0; j < frames.size(); ++j) {
      block.values.push_back(values[frames[j]]);
      block.mean.y[j] += values[frames[j]];
    }
  }
  for (double& y : block.mean.y) y /= static_cast<double>(n_kept);
  return block;
}

}  // namespace

std::vector<std::int64_t> joined_starts(std::span<const Trials> stimuli) {
  std::vector<std::int64_t> starts;
  std::int64_t start = 0;
  for (const Trials& stimulus : stimuli) {
    starts.push_back(start);
    start += stimulus.frames;
  }
  return starts;
}

FrameSums frame_sums(const Trials& stimulus) {
  const auto n_frames = static_cast<std::size_t>(stimulus.frames);
  FrameSums sums{std::vector<double>(n_frames), std::vector<double>(n_frames)};
  for (std::int64_t i = 0; i < stimulus.trials; ++i) {
    const float* values = stimulus.trial(i);
    for (std::size_t t = 0; t < n_frames; ++t) {
      const bool missing = std::isnan(values[t]);
      sums.sum[t] += missing ? 0.0 : static_cast<double>(values[t]);
      sums.present[t] += missing ? 0.0 : 1.0;
    }
  }
  return sums;
}

TrialMean trial_mean(std::span<const Trials> stimuli, std::span<const std::int64_t> starts) {
  check_starts(stimuli, starts);
  TrialMean mean;
  for (std::size_t s = 0; s < stimuli.size(); ++s) {
    const FrameSums sums = frame_sums(stimuli[s]);
    for (std::size_t t = 0; t < sums.sum.size(); ++t) {
      if (sums.present[t] == 0) continue;
      mean.y.push_back(sums.sum[t] / sums.present[t]);
      add_frame(starts[s] + static_cast<std::int64_t>(t), mean.runs);
    }
  }
  return mean;
}

std::vector<CompleteBlock> complete_blocks(std::span<const Trials> stimuli,
                                           std::span<const std::int64_t> starts) {
  check_starts(stimuli, starts);
  std::vector<CompleteBlock> blocks;
  for (std::size_t s = 0; s < stimuli.size(); ++s) {
    CompleteBlock block = complete_block(stimuli[s], starts[s]);
    if (block.trials >= 2 && block.frames >= 2) blocks.push_back(std::move(block));
  }
  return blocks;
}

TrialMean joined_mean(std::span<const CompleteBlock> blocks) {
  TrialMean joined;
  for (const CompleteBlock& block : blocks) {
    joined.y.insert(joined.y.end(), block.mean.y.begin(), block.mean.y.end());
    for (const FrameRun& run : block.mean.runs) {
      if (!joined.runs.empty() && joined.runs.back().end == run.begin) {
        joined.runs.back().end = run.end;
      } else {
        joined.runs.push_back(run);
      }
    }
  }
  return joined;
}

}  // namespace strffit
