#include "training/ridge_work.hpp"

#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>

#include "metrics/statistics.hpp"
#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "training/ridge_parts.hpp"

namespace strffit {
namespace {

using Index = std::int64_t;

double frames_in(const ops::Layout& layout) {
  double frames = 0;
  for (const auto& segment : layout.segments) frames += static_cast<double>(segment.frames);
  return frames;
}

double frames_that_count(const RidgeData& data, const std::vector<char>& wanted) {
  double frames = 0;
  for (const auto& [begin, length] : data.layout->segments) {
    frames += static_cast<double>(
        std::count(wanted.begin() + begin, wanted.begin() + begin + length, char{1}));
  }
  return frames;
}

// True if predictions of these targets can be scored: they are not constant.
bool can_be_scored(const RidgeData& data, Index unit) {
  const auto targets = data.targets[unit].contiguous();
  std::vector<double> values;
  for (const auto& [begin, length] : data.layout->segments) {
    for (Index t = begin; t < begin + length; ++t) {
      const float value = targets.data_ptr<float>()[t];
      if (!std::isnan(value)) values.push_back(static_cast<double>(value));
    }
  }
  return values.size() > 1 && !std::isnan(pearson(values, values));
}

// Number of unknowns with a prior. For many lags or bands, it is extrapolated from fewer.
double rank_of(const Smoothness& prior, const RidgeData& data, Index lags) {
  constexpr Index kMost = 256;
  const auto bands = data.x.size(2) / data.channels;
  const auto some_lags = std::min(lags, kMost), some_bands = std::min(bands, kMost);
  const ridge_parts::Prior some(prior, some_lags, data.channels, some_bands);
  return static_cast<double>(some.rank()) * static_cast<double>(lags * bands) /
         static_cast<double>(some_lags * some_bands);
}

// Counts the work for one group of units. A part is the set of these units in one block.
class Count {
 public:
  Count(const RidgeData& data, Index lags, const std::vector<Smoothness>& priors)
      : unknowns_(static_cast<double>(lags * data.x.size(2))) {
    for (const auto& one : priors) ranks_.push_back(rank_of(one, data, lags));
  }

  RidgeWork work;

  double choices() const {
    return static_cast<double>(ranks_.size() * ridge_parts::penalty_grid().size());
  }
  void gram(double frames, double kept) {
    work.gram += frames * unknowns_ * unknowns_;
    hold(kept);
  }
  void pass(double frames, double units) {
    work.rows += frames * unknowns_;
    work.score += frames * unknowns_ * units;
  }
  // Tries all priors and penalties and scores each on `frames` frames.
  void choose(const std::vector<double>& units_of_parts, double frames) {
    const auto penalties = static_cast<double>(ridge_parts::penalty_grid().size());
    for (const double rank : ranks_) {
      work.factor += penalties * rank * rank * rank;
      for (const double units : units_of_parts) {
        work.solve += penalties * rank * rank * units;
        for (double i = 0; i < penalties; ++i) pass(frames, units);
      }
    }
    double most = 0;
    for (const double units : units_of_parts) most = std::max(most, units);
    hold(1, 4 * sizeof(double) * most * frames);
  }
  // Solves again for the open units of each part. Each may have its own choice.
  void solve(const std::vector<double>& units_of_parts, const std::vector<double>& open_of_parts) {
    double open = 0;
    for (const double units : open_of_parts) open += units;
    const double distinct = std::min(open, choices());
    for (const double rank : ranks_) {
      const double share = 1 / static_cast<double>(ranks_.size());
      work.factor += share * distinct * rank * rank * rank;
      for (std::size_t p = 0; p < units_of_parts.size(); ++p) {
        work.solve +=
            share * rank * rank * units_of_parts[p] * std::min(open_of_parts[p], distinct);
      }
    }
  }

 private:
  // Updates the peak memory: `kept` matrices, temporary matrices, the rows, and `beside` more
  // bytes.
  void hold(double kept, double beside = 0) {
    // Bytes per element for temporary matrices: one matrix in single precision; in double precision
    // a system, its factor and copies of both for the solution; and unused gaps between them.
    constexpr double kMeanwhile = 40;
    const double matrix = unknowns_ * unknowns_;
    work.bytes =
        std::max(work.bytes,
                 matrix * (kMeanwhile + kept * sizeof(double)) +
                     static_cast<double>(ridge_parts::kRows * sizeof(float)) * unknowns_ + beside);
  }

  double unknowns_;
  std::vector<double> ranks_;
};

// Calls use(units of the parts, frames) for each group.
void for_groups_of_work(const RidgeData& data, const std::vector<std::vector<Index>>& blocks,
                        const std::function<void(const std::vector<std::vector<Index>>&,
                                                 const std::vector<char>&)>& use) {
  for (const auto& [group, frames] : ridge_parts::groups(data)) {
    std::vector<std::vector<Index>> parts;
    for (const auto& block : blocks) {
      std::vector<Index> part;
      for (const auto unit : block) {
        if (std::binary_search(group.begin(), group.end(), unit)) part.push_back(unit);
      }
      if (!part.empty()) parts.push_back(std::move(part));
    }
    if (!parts.empty()) use(parts, frames);
  }
}

std::vector<double> sizes_of(const std::vector<std::vector<Index>>& parts) {
  std::vector<double> sizes;
  for (const auto& part : parts) sizes.push_back(static_cast<double>(part.size()));
  return sizes;
}

std::size_t count_of(const std::vector<std::vector<Index>>& parts) {
  std::size_t units = 0;
  for (const auto& part : parts) units += part.size();
  return units;
}

// Memory that System needs for all units: weights in double precision, and at the end also in
// single precision.
double bytes_of_solutions(const RidgeData& data, Index lags,
                          const std::vector<std::vector<Index>>& blocks) {
  return 12 * static_cast<double>(count_of(blocks)) * static_cast<double>(lags * data.x.size(2));
}

// Measures the seconds of a call. Without threads inside products, this is the mean over a tenth of
// a second and at least three calls: other users may slow the machine down now and later. With such
// threads it is the shortest call, because waiting for other users' threads affects short calls
// more than the long ones of the real work.
double seconds_of_call(const std::function<void()>& call) {
  using Clock = std::chrono::steady_clock;
  constexpr double kEnough = 0.1;
  double sum = 0, shortest = std::numeric_limits<double>::infinity();
  int calls = 0;
  while (calls < 3 || sum < kEnough) {
    const auto begun = Clock::now();
    call();
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    shortest = std::min(shortest, seconds);
    sum += seconds;
    ++calls;
  }
  return ops::inner_threads() > 1 ? shortest : sum / calls;
}

}  // namespace

RidgeWork& RidgeWork::operator+=(const RidgeWork& other) {
  gram += other.gram;
  rows += other.rows;
  score += other.score;
  factor += other.factor;
  solve += other.solve;
  bytes = std::max(bytes, other.bytes);
  return *this;
}

RidgeWork work_of_ridge(const RidgeData& train, const RidgeData* valid, std::int64_t lags,
                        const std::vector<std::vector<std::int64_t>>& blocks,
                        const std::vector<Smoothness>& priors) {
  Count count(train, lags, priors);
  for_groups_of_work(train, blocks, [&](const auto& parts, const auto& frames) {
    count.gram(frames_that_count(train, frames), 0);
    for (const double units : sizes_of(parts)) count.pass(frames_that_count(train, frames), units);
    auto open = parts;  // units for which nothing is chosen yet
    const auto judge = [&](const RidgeData& data) {
      auto judged = parts;
      for (std::size_t p = parts.size(); p-- > 0;) {
        if (open[p].empty()) judged.erase(judged.begin() + static_cast<Index>(p));
      }
      count.choose(sizes_of(judged), frames_in(*data.layout));
      for (auto& part : open)
        std::erase_if(part, [&](Index unit) { return can_be_scored(data, unit); });
    };
    if (valid) judge(*valid);
    const auto once_more = sizes_of(open);
    for (std::size_t way = 0; way < ridge_parts::ways_to_split(train) && count_of(open) > 0;
         ++way) {
      const auto [some, others] = ridge_parts::held_out(train, way);
      const double left = frames_that_count(some, frames);
      if (left == 0) continue;
      count.gram(left, 1);
      for (const double units : sizes_of(parts)) count.pass(left, units);
      judge(others);
    }
    count.solve(sizes_of(parts), once_more);
  });
  count.work.bytes += bytes_of_solutions(train, lags, blocks);
  return count.work;
}

RidgeWork work_of_ridge_as_chosen(const RidgeData& data, std::int64_t lags,
                                  const std::vector<std::vector<std::int64_t>>& blocks,
                                  const std::vector<Smoothness>& priors) {
  Count count(data, lags, priors);
  for_groups_of_work(data, blocks, [&](const auto& parts, const auto& frames) {
    count.gram(frames_that_count(data, frames), 0);
    for (const double units : sizes_of(parts)) count.pass(frames_that_count(data, frames), units);
    count.solve(sizes_of(parts), sizes_of(parts));
  });
  count.work.bytes += bytes_of_solutions(data, lags, blocks);
  return count.work;
}

RidgeWork work_of_covariance(const RidgeData& data, std::int64_t lags) {
  Count count(data, lags, {{}});
  count.gram(frames_in(*data.layout), 0);
  return count.work;
}

double seconds_of(const RidgeWork& work, const RidgeData& data, std::int64_t lags) {
  const ops::WithoutGradients guard;
  // Enough unknowns to reach the full speed, and no more frames than are written out at once.
  constexpr Index kUnknowns = 1536, kUnits = 16;
  const auto I = std::min(data.x.size(2), kUnknowns);
  const auto L = std::max<Index>(1, std::min(lags, kUnknowns / I));
  const auto T = ridge_parts::kRows;
  RidgeData part;
  part.layout = ops::join({T}, L);
  const auto S = part.layout->total;
  part.x = at::rand({1, S, I});
  part.targets = at::rand({kUnits, S});
  const auto D = static_cast<double>(L * I), frames = static_cast<double>(T);
  const std::vector<char> all(static_cast<std::size_t>(S), 1);
  auto gram = ridge_parts::gram_of(part, L, all);
  at::Tensor factor, weights;
  const double of_gram = seconds_of_call([&] { gram = ridge_parts::gram_of(part, L, all); });
  const double of_factor = seconds_of_call([&] { factor = gram.factor(1); });
  const auto cross = at::rand({L * I, kUnits}, at::kDouble);
  const double of_solve = seconds_of_call([&] { weights = at::cholesky_solve(cross, factor); });
  std::vector<Index> units(kUnits);
  for (Index u = 0; u < kUnits; ++u) units[static_cast<std::size_t>(u)] = u;
  const double of_units =
      seconds_of_call([&] { ridge_parts::correlations(part, L, units, weights); });
  const double of_unit =
      seconds_of_call([&] { ridge_parts::correlations(part, L, {0}, weights.narrow(1, 0, 1)); });
  // One pass over the data takes rows + units x score.
  const double score = std::max(0.0, (of_units - of_unit) / (kUnits - 1));
  const double rows = std::max(0.0, of_unit - score);
  return work.gram * of_gram / (frames * D * D) + work.rows * rows / (frames * D) +
         work.score * score / (frames * D) + work.factor * of_factor / (D * D * D) +
         work.solve * of_solve / (D * D * kUnits);
}

}  // namespace strffit
