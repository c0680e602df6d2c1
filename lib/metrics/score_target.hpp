// What a unit's scores need of its responses, made once: for a monitor that scores every epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/responses.hpp"

namespace strffit {

// One unit over some stimuli. Copies what it needs of the responses: about 8 bytes a frame, 16
// where trials or frames are missing. Its scores are those of unit_metrics().
class ScoreTarget {
 public:
  // Predictions come joined: stimulus after stimulus, or where gaps lie between them, stimulus s
  // from frame `starts[s]` on.
  explicit ScoreTarget(std::span<const Trials> stimuli);
  ScoreTarget(std::span<const Trials> stimuli, std::span<const std::int64_t> starts);

  // `prediction[t * stride]` is the prediction at joined frame t; frames that do not count are not
  // read. NaN where undefined, and where a prediction is not finite.
  double cc(const float* prediction, std::int64_t stride = 1) const;
  double cc_norm(const float* prediction, std::int64_t stride = 1) const;

  // Trial means over all frames that have a trial.
  const TrialMean& all() const { return all_; }
  // The same over the complete blocks, which the noise-corrected metrics are taken over.
  const TrialMean& repeated() const { return repeated_ ? *repeated_ : all_; }
  double signal_power() const { return signal_power_; }
  // Whether a correlation with all() is defined: at least 2 frames count, and not all are the same.
  bool varies() const { return varies_; }

 private:
  TrialMean all_;
  std::optional<TrialMean> repeated_;  // absent where the same as all_
  double signal_power_;
  bool varies_;
};

// The values of a strided signal at the frames of `runs`.
std::vector<double> at_runs(const float* values, std::int64_t stride,
                            std::span<const FrameRun> runs);

}  // namespace strffit
