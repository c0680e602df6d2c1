#include "metrics/score_target.hpp"

#include <cmath>
#include <limits>

#include "metrics/response_quality.hpp"
#include "metrics/statistics.hpp"

namespace strffit {

ScoreTarget::ScoreTarget(std::span<const Trials> stimuli)
    : ScoreTarget(stimuli, joined_starts(stimuli)) {}

ScoreTarget::ScoreTarget(std::span<const Trials> stimuli, std::span<const std::int64_t> starts)
    : all_(trial_mean(stimuli, starts)) {
  const std::vector<CompleteBlock> blocks = complete_blocks(stimuli, starts);
  signal_power_ = strffit::signal_power(blocks);
  varies_ = all_.y.size() > 1 && !is_constant(all_.y);
  TrialMean repeated = joined_mean(blocks);
  // Equal frames imply equal means: at these frames no trial that counts is missing.
  if (repeated.runs != all_.runs) repeated_ = std::move(repeated);
}

double ScoreTarget::cc(const float* prediction, std::int64_t stride) const {
  return pearson(at_runs(prediction, stride, all_.runs), all_.y);
}

double ScoreTarget::cc_norm(const float* prediction, std::int64_t stride) const {
  const std::vector<double> r = at_runs(prediction, stride, repeated().runs);
  const double power = variance(r);
  if (!(signal_power_ > 0) || !(power > 0)) return std::numeric_limits<double>::quiet_NaN();
  return covariance(r, repeated().y) / std::sqrt(power * signal_power_);
}

std::vector<double> at_runs(const float* values, std::int64_t stride,
                            std::span<const FrameRun> runs) {
  std::int64_t n_frames = 0;
  for (const FrameRun& run : runs) n_frames += run.end - run.begin;
  std::vector<double> found;
  found.reserve(static_cast<std::size_t>(n_frames));
  for (const FrameRun& run : runs) {
    for (std::int64_t t = run.begin; t < run.end; ++t) {
      found.push_back(static_cast<double>(values[t * stride]));
    }
  }
  return found;
}

}  // namespace strffit
