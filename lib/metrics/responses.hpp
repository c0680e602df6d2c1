// One unit's trials, and the frames and trial means that its metrics are taken over.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strffit {

// One unit's responses to one stimulus: (trials, frames), last axis contiguous, NaN where missing.
// A view: what it looks at stays with the caller.
struct Trials {
  const float* data = nullptr;
  std::int64_t trials = 0;
  std::int64_t frames = 0;

  const float* trial(std::int64_t i) const { return data + i * frames; }
};

// Frames that follow one another, begin <= t < end.
struct FrameRun {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  bool operator==(const FrameRun&) const = default;
};

// What the trials present have at each frame of a stimulus.
struct FrameSums {
  std::vector<double> sum;
  std::vector<double> present;  // how many trials have a number
};

FrameSums frame_sums(const Trials& stimulus);

// Trial means over chosen frames of a signal, and which frames these are.
struct TrialMean {
  std::vector<double> y;
  std::vector<FrameRun> runs;  // ascending; their lengths sum to y.size()
};

// The gapless part of a stimulus with at least 2 trials and 2 frames: trials without any number are
// left out, then the frames that one of the others lacks.
struct CompleteBlock {
  std::int64_t trials = 0;
  std::int64_t frames = 0;
  std::vector<double> values;  // (trials, frames)
  TrialMean mean;              // over the trials; frames counted along the joined stimuli

  std::span<const double> trial(std::int64_t i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * frames),
                                     static_cast<std::size_t>(frames));
  }
};

// The frame at which each stimulus starts when all are joined end to end.
std::vector<std::int64_t> joined_starts(std::span<const Trials> stimuli);

// Mean over the trials present, over all frames that have one. `starts`: the frame of the joined
// signal at which each stimulus starts.
TrialMean trial_mean(std::span<const Trials> stimuli, std::span<const std::int64_t> starts);

// The complete blocks of the stimuli that have one, in order: what the noise-corrected metrics are
// taken over.
std::vector<CompleteBlock> complete_blocks(std::span<const Trials> stimuli,
                                           std::span<const std::int64_t> starts);

// The trial means of all blocks, joined.
TrialMean joined_mean(std::span<const CompleteBlock> blocks);

}  // namespace strffit
