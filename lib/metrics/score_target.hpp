// Targets of a unit's scores, computed once, for scores at every epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/responses.hpp"

namespace strffit {

// Target of one unit over some stimuli. Keeps about 8 bytes per frame, 16 if trials or frames are
// missing. Scores equal those of unit_metrics().
class ScoreTarget {
 public:
  // Predictions are joined: stimulus after stimulus, or, with gaps between them, stimulus s from
  // frame `starts[s]` on.
  explicit ScoreTarget(std::span<const Trials> stimuli);
  ScoreTarget(std::span<const Trials> stimuli, std::span<const std::int64_t> starts);

  // `prediction[t * stride]`: prediction at joined frame t. Frames without a trial are not read.
  // NaN if undefined or if a prediction is not finite.
  double cc(const float* prediction, std::int64_t stride = 1) const;
  double cc_norm(const float* prediction, std::int64_t stride = 1) const;

  // Trial means over all frames with a trial.
  const TrialMean& all() const { return all_; }
  // Trial means over the complete blocks, for the noise-corrected metrics.
  const TrialMean& repeated() const { return repeated_ ? *repeated_ : all_; }
  double signal_power() const { return signal_power_; }
  // True if a correlation with all() is defined: 2 frames or more, which differ.
  bool varies() const { return varies_; }

 private:
  TrialMean all_;
  std::optional<TrialMean> repeated_;  // absent if equal to all_
  double signal_power_;
  bool varies_;
};

// Values of a strided signal at the frames of `runs`.
std::vector<double> at_runs(const float* values, std::int64_t stride,
                            std::span<const FrameRun> runs);

}  // namespace strffit
