// Trials of one unit, and the frames and trial means over which its metrics are computed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strffit {

// Responses of one unit to one stimulus: (trials, frames), last axis contiguous, NaN = missing. A
// view: the caller keeps the data.
struct Trials {
  const float* data = nullptr;
  std::int64_t trials = 0;
  std::int64_t frames = 0;

  const float* trial(std::int64_t i) const { return data + i * frames; }
};

// Consecutive frames, begin <= t < end.
struct FrameRun {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  bool operator==(const FrameRun&) const = default;
};

// Sum and number of the trials present at each frame of a stimulus.
struct FrameSums {
  std::vector<double> sum;
  std::vector<double> present;  // number of trials with a value
};

FrameSums frame_sums(const Trials& stimulus);

// Trial means over some frames of a signal, and these frames.
struct TrialMean {
  std::vector<double> y;
  std::vector<FrameRun> runs;  // ascending; their lengths sum to y.size()
};

// The part of a stimulus without gaps, of at least 2 trials and 2 frames. Trials without any value
// are dropped first, then the frames at which one of the other trials has no value.
struct CompleteBlock {
  std::int64_t trials = 0;
  std::int64_t frames = 0;
  std::vector<double> values;  // (trials, frames)
  TrialMean mean;              // over the trials; frames count along the joined stimuli

  std::span<const double> trial(std::int64_t i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * frames),
                                     static_cast<std::size_t>(frames));
  }
};

// First frame of each stimulus in the joined signal, when stimuli are joined end to end.
std::vector<std::int64_t> joined_starts(std::span<const Trials> stimuli);

// Mean over the trials present, at all frames with a trial. `starts`: first frame of each stimulus
// in the joined signal.
TrialMean trial_mean(std::span<const Trials> stimuli, std::span<const std::int64_t> starts);

// Complete blocks of the stimuli that have one, in order. The noise-corrected metrics use
// these.
std::vector<CompleteBlock> complete_blocks(std::span<const Trials> stimuli,
                                           std::span<const std::int64_t> starts);

// Trial means of all blocks, joined.
TrialMean joined_mean(std::span<const CompleteBlock> blocks);

}  // namespace strffit
