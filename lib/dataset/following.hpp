// By how much the responses follow the sound, told while the stimuli pass by one after the other:
// models.md, "Is a dataset in the right units".
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "dataset/dataset.hpp"
#include "util/axes.hpp"

namespace strffit {

struct Following {
  double lag_ms = std::numeric_limits<double>::quiet_NaN();  // from -200 to 300; NaN: not known
  bool clear = false;                                        // above what chance gives
  bool possible = true;  // within 0 to 100 ms, or hardly less within than there
  // Where what peaks at lag_ms begins, going back from there: below 0 they come before the sound.
  double begins_ms = std::numeric_limits<double>::quiet_NaN();

  // How clearly they follow at each lag from -200 to 300 ms: squared correlation times frames, 1
  // by chance; NaN where too few frames know. Empty where lag_ms is NaN.
  std::vector<double> lags_ms = {}, by_lag = {};
};

inline constexpr double kLastPossibleLagMs = 100;

class FollowingWatch {
 public:
  // `frames`: of all stimuli; of many, some are looked at, in a few megabytes.
  FollowingWatch(const Axes& axes, std::int64_t units, std::int64_t frames);
  void see(const Stimulus& stimulus);
  Following following() &&;

  // Of one stimulus, each of `frames` numbers.
  struct Signals {
    std::int64_t frames = 0;
    std::vector<std::vector<float>> sound;      // groups of neighbouring bands
    std::vector<std::vector<float>> responses;  // of units, means over trials
  };

 private:
  double dt_ms_;
  std::int64_t bands_, first_ = 0, last_ = 0, left_ = 0, step_ = 1, seen_ = 0;
  std::vector<std::int64_t> units_;
  std::vector<Signals> all_;
};

}  // namespace strffit
