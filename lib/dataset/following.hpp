// Measures the delay of the responses after the sound, one stimulus at a time: models.md, "Is a
// dataset in the right units".
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "dataset/dataset.hpp"
#include "util/axes.hpp"

namespace strffit {

struct Following {
  double lag_ms = std::numeric_limits<double>::quiet_NaN();  // -200 to 300; NaN: unknown
  bool clear = false;                                        // above the chance level
  bool possible = true;  // the peak lies within 0 to 100 ms, or hardly exceeds the maximum there
  // Lag at which the peak at lag_ms begins; below 0: the response begins before the sound.
  double begins_ms = std::numeric_limits<double>::quiet_NaN();

  // For each lag from -200 to 300 ms: squared correlation times number of frames, 1 by chance; NaN
  // if too few frames overlap. Empty if lag_ms is NaN.
  std::vector<double> lags_ms = {}, by_lag = {};
};

inline constexpr double kLastPossibleLagMs = 100;

class FollowingWatch {
 public:
  // `frames`: of all stimuli together. Large datasets are sampled, into a few megabytes.
  FollowingWatch(const Axes& axes, std::int64_t units, std::int64_t frames);
  void see(const Stimulus& stimulus);
  Following following() &&;

  // One stimulus; each signal has `frames` values.
  struct Signals {
    std::int64_t frames = 0;
    std::vector<std::vector<float>> sound;      // one per group of neighbouring bands
    std::vector<std::vector<float>> responses;  // one per unit, mean over trials
  };

 private:
  double dt_ms_;
  std::int64_t bands_, first_ = 0, last_ = 0, left_ = 0, step_ = 1, seen_ = 0;
  std::vector<std::int64_t> units_;
  std::vector<Signals> all_;
};

}  // namespace strffit
