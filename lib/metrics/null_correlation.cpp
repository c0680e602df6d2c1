#include "metrics/null_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "metrics/statistics.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

// Eight partial sums: vectorised, and rounded alike on every machine.
double dot(const double* a, const double* b, std::size_t n) {
  constexpr std::size_t kParts = 8;
  double parts[kParts] = {};
  std::size_t i = 0;
  for (; i + kParts <= n; i += kParts) {
    for (std::size_t k = 0; k < kParts; ++k) parts[k] += a[i + k] * b[i + k];
  }
  for (std::size_t k = 0; i + k < n; ++k) parts[k] += a[i + k] * b[i + k];
  return std::accumulate(parts, parts + kParts, 0.0);
}

// Sums over the frames at which the shifted response is present.
struct Sums {
  double r = 0, rr = 0, ry = 0;
};

// One stimulus: prediction and trial mean, each minus its mean over all stimuli, which avoids
// cancellation in the sums. Sums are computed once per shift.
class ShiftedStimulus {
 public:
  ShiftedStimulus(const Trials& trials, std::span<const float> prediction)
      : r_(prediction.begin(), prediction.end()), at_shift_(prediction.size()) {
    const FrameSums sums = frame_sums(trials);
    for (std::size_t t = 0; t < r_.size(); ++t) {
      const bool there = sums.present[t] > 0;
      y_.push_back(there ? sums.sum[t] / sums.present[t] : 0.0);
      present_.push_back(there ? 1.0 : 0.0);
    }
    gaps_ = std::find(present_.begin(), present_.end(), 0.0) != present_.end();
  }

  void add_to(std::vector<double>& y) const {
    for (std::size_t t = 0; t < y_.size(); ++t) {
      if (present_[t] > 0) y.push_back(y_[t]);
    }
  }
  void centre(double r_mean, double y_mean) {
    for (double& r : r_) r -= r_mean;
    for (std::size_t t = 0; t < y_.size(); ++t) y_[t] = present_[t] > 0 ? y_[t] - y_mean : 0.0;
    whole_.r = std::accumulate(r_.begin(), r_.end(), 0.0);
    whole_.rr = dot(r_.data(), r_.data(), r_.size());
  }
  std::int64_t frames() const { return static_cast<std::int64_t>(r_.size()); }

  const Sums& at(std::int64_t shift) {
    auto& sums = at_shift_[static_cast<std::size_t>(shift)];
    if (!sums) sums = made(static_cast<std::size_t>(shift));
    return *sums;
  }

 private:
  Sums made(std::size_t shift) const {
    Sums sums = whole_;
    if (gaps_) sums.r = sums.rr = 0;
    // A circular shift: the response at frame t moves to t + shift, the last frames to the start.
    const std::size_t kept = r_.size() - shift;
    add(sums, 0, shift, kept);
    add(sums, kept, 0, shift);
    return sums;
  }
  void add(Sums& sums, std::size_t y_from, std::size_t r_from, std::size_t n) const {
    const double* r = r_.data() + r_from;
    sums.ry += dot(r, y_.data() + y_from, n);
    if (!gaps_) return;
    const double* there = present_.data() + y_from;
    for (std::size_t t = 0; t < n; ++t) {
      sums.r += there[t] * r[t];
      sums.rr += there[t] * r[t] * r[t];
    }
  }

  std::vector<double> r_, y_, present_;
  bool gaps_ = false;
  Sums whole_;
  std::vector<std::optional<Sums>> at_shift_;
};

// Correlation of n frames. `yy`: sum of squares of the responses, which have mean 0 at every shift.
double correlation(const Sums& sums, double n, double yy) {
  return sums.ry / std::sqrt((sums.rr - sums.r * sums.r / n) * yy);
}

}  // namespace

std::int64_t null_shift(const NullOptions& options, std::int64_t draw, std::size_t stimulus,
                        std::int64_t frames) {
  if (options.min_shift < 1 || frames < 2 * options.min_shift) {
    throw Bug("a shift of a stimulus that is too short for it");
  }
  Random random(options.seed, {static_cast<std::uint64_t>(draw), stimulus});
  return options.min_shift + static_cast<std::int64_t>(random.integer(
                                 static_cast<std::uint64_t>(frames - 2 * options.min_shift + 1)));
}

double null_shifts(const NullOptions& options, std::span<const std::int64_t> frames) {
  double combinations = 1;
  for (const auto n : frames) {
    combinations *= static_cast<double>(std::max<std::int64_t>(0, n - 2 * options.min_shift + 1));
  }
  return combinations;
}

NullScore null_correlation(std::span<const Trials> stimuli,
                           std::span<const std::span<const float>> predictions,
                           std::span<const std::size_t> places, const NullOptions& options) {
  std::vector<ShiftedStimulus> shifted;
  std::vector<double> y, r;
  for (std::size_t s = 0; s < stimuli.size(); ++s) {
    shifted.emplace_back(stimuli[s], predictions[s]);
    shifted.back().add_to(y);
    r.insert(r.end(), predictions[s].begin(), predictions[s].end());
  }
  if (y.size() < 2 || is_constant(y) || is_constant(r)) return {};
  const auto n = static_cast<double>(y.size());
  const double y_mean = std::accumulate(y.begin(), y.end(), 0.0) / n;
  const double r_mean = std::accumulate(r.begin(), r.end(), 0.0) / static_cast<double>(r.size());
  for (auto& one : shifted) one.centre(r_mean, y_mean);
  const double yy = variance(y) * (n - 1);

  const auto with = [&](auto&& shift_of) {
    Sums all;
    for (std::size_t s = 0; s < shifted.size(); ++s) {
      const Sums& one = shifted[s].at(shift_of(s));
      all.r += one.r;
      all.rr += one.rr;
      all.ry += one.ry;
    }
    return correlation(all, n, yy);
  };
  const double found = with([](std::size_t) { return 0; });
  if (std::isnan(found)) return {};
  std::vector<double> draws;
  std::int64_t as_large = 0;
  for (std::int64_t draw = 0; draw < options.draws; ++draw) {
    const double one = with(
        [&](std::size_t s) { return null_shift(options, draw, places[s], shifted[s].frames()); });
    // A draw that is undefined because of gaps counts against the prediction.
    as_large += !(one < found);
    if (!std::isnan(one)) draws.push_back(one);
  }
  const double sum = std::accumulate(draws.begin(), draws.end(), 0.0);
  return {draws.empty() ? kNaN : sum / static_cast<double>(draws.size()),
          std::sqrt(variance(draws)),
          static_cast<double>(1 + as_large) / static_cast<double>(1 + options.draws)};
}

}  // namespace strffit
