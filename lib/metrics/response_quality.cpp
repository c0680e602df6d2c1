#include "metrics/response_quality.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "metrics/statistics.hpp"
#include "metrics/trial_halves.hpp"
#include "util/constant_range.hpp"
#include "util/nan.hpp"

namespace strffit {
namespace {

// Mean over stimuli, weighted by their frames; NaN if there are none.
class MeanByFrames {
 public:
  void add(double value, std::int64_t frames) {
    sum_ += value * static_cast<double>(frames);
    frames_ += static_cast<double>(frames);
  }
  double value() const { return frames_ > 0 ? sum_ / frames_ : kNaN; }

 private:
  double sum_ = 0;
  double frames_ = 0;
};

constexpr double kNoSignal = 1e-9;  // fraction of the total power

struct Powers {
  double signal = kNaN;
  double noise = kNaN;
};

Powers block_powers(const CompleteBlock& block) {
  const auto n_trials = static_cast<double>(block.trials);
  double total = 0;
  for (std::int64_t i = 0; i < block.trials; ++i) total += variance(block.trial(i)) / n_trials;
  double signal = (n_trials * variance(block.mean.y) - total) / (n_trials - 1);
  // A difference this small is rounding, not signal (for instance one spike among all trials);
  // cc_norm would divide by it.
  if (std::abs(signal) < kNoSignal * total) signal = 0;
  return {signal, total - signal};
}

Powers powers(std::span<const CompleteBlock> blocks) {
  MeanByFrames signal;
  MeanByFrames noise;
  for (const CompleteBlock& block : blocks) {
    const Powers found = block_powers(block);
    signal.add(found.signal, block.frames);
    noise.add(found.noise, block.frames);
  }
  return {signal.value(), noise.value()};
}

// Correlation of the two halves of a block's trials. The covariances of the trials give it in
// trials^2 additions per split instead of trials x frames, wherever that is as exact.
class HalfCorrelation {
 public:
  explicit HalfCorrelation(const CompleteBlock& block)
      : block_(block), n_trials_(block.trials / 2 * 2) {
    // A copy, because the order of Eigen's sums depends on the memory address of a mapped vector.
    const Eigen::MatrixXd all =
        Eigen::Map<const Eigen::MatrixXd>(block.values.data(), block.frames, block.trials);
    const auto used = all.leftCols(n_trials_);
    const Eigen::MatrixXd centred = used.rowwise() - used.colwise().mean();
    covariance_ = centred.transpose() * centred / static_cast<double>(block.frames - 1);
    total_ = covariance_.sum();
    // The range of n values is at least sqrt(2 var), and a sum of trials is at most the sum of
    // their magnitudes. Above this limit a sum of trials is not constant, and its variance is exact
    // to 12 digits unless the trials cancel out completely.
    const double size = used.cwiseAbs().colwise().maxCoeff().sum();
    const double range = kConstantRange * size;
    least_variance_ = std::max(range * range / 2, 1e-3 * covariance_.trace());
  }

  // NaN if a half is constant.
  double operator()(const std::vector<int>& half) const {
    double with_itself = 0;
    double with_all = 0;
    for (const int i : half) {
      with_all += covariance_.col(i).sum();
      for (const int j : half) with_itself += covariance_(j, i);
    }
    const double with_other = with_all - with_itself;
    const double other_with_itself = total_ - with_all - with_other;
    if (with_itself > least_variance_ && other_with_itself > least_variance_) {
      return with_other / std::sqrt(with_itself * other_with_itself);
    }
    return from_sums(half);
  }

 private:
  // Uses sums instead of means: correlation and constancy do not depend on scale.
  double from_sums(const std::vector<int>& half) const {
    std::vector<double> first(static_cast<std::size_t>(block_.frames));
    std::vector<double> second = first;
    auto next = half.begin();
    for (int i = 0; i < n_trials_; ++i) {
      const bool is_first = next != half.end() && *next == i;
      next += is_first;
      std::vector<double>& sum = is_first ? first : second;
      const auto trial = block_.trial(i);
      for (std::size_t t = 0; t < sum.size(); ++t) sum[t] += trial[t];
    }
    return pearson(std::span<const double>(first), std::span<const double>(second));
  }

  const CompleteBlock& block_;
  Eigen::Index n_trials_;       // even
  Eigen::MatrixXd covariance_;  // (n_trials_, n_trials_)
  double total_;                // sum of covariance_
  double least_variance_;       // of a sum of trials, for the fast path
};

double ceiling_of(double rho) { return std::sqrt(2 * rho / (1 + rho)); }

// Of the correlations of the trial means of two halves, over the splits where neither half is
// constant: their mean, and the standard deviation of the ceilings that each gives alone (0 where
// it is not above 0); NaN where there is none.
struct HalfCorrelations {
  double mean = kNaN;
  double spread = kNaN;  // NaN of one split
};

HalfCorrelations half_correlations(const CompleteBlock& block) {
  const HalfCorrelation correlation(block);
  double sum = 0;
  std::vector<double> ceilings;
  for (const std::vector<int>& half : trial_halves(static_cast<int>(block.trials))) {
    const double rho = correlation(half);
    if (std::isnan(rho)) continue;
    sum += rho;
    ceilings.push_back(rho > 0 ? ceiling_of(rho) : 0);
  }
  if (ceilings.empty()) return {};
  HalfCorrelations found;
  found.mean = sum / static_cast<double>(ceilings.size());
  if (ceilings.size() > 1) found.spread = std::sqrt(variance(ceilings));
  return found;
}

// Means over the stimuli, weighted by their frames; the errors of different stimuli are
// independent.
void add_ceiling(std::span<const CompleteBlock> blocks, ResponseQuality& quality) {
  MeanByFrames mean;
  double squares = 0, frames = 0;
  for (const CompleteBlock& block : blocks) {
    const auto found = half_correlations(block);
    if (!(found.mean > 0)) continue;
    mean.add(ceiling_of(found.mean), block.frames);
    const double part = found.spread * static_cast<double>(block.frames);
    squares += part * part;
    frames += static_cast<double>(block.frames);
  }
  quality.cc_max = mean.value();
  if (frames > 0) quality.cc_max_error = std::sqrt(squares) / frames;
}

}  // namespace

ResponseQuality response_quality(std::span<const Trials> stimuli) {
  const std::vector<CompleteBlock> blocks = complete_blocks(stimuli, joined_starts(stimuli));
  const Powers found = powers(blocks);
  ResponseQuality quality;
  quality.signal_power = found.signal;
  quality.noise_power = found.noise;
  quality.snr = found.noise > 0 ? found.signal / found.noise : kNaN;
  add_ceiling(blocks, quality);
  return quality;
}

double signal_power(std::span<const CompleteBlock> blocks) { return powers(blocks).signal; }

}  // namespace strffit
