// Predictions of fitted members, and their scores.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/split.hpp"
#include "files/writer.hpp"
#include "formats/fitted_model.hpp"
#include "formats/results.hpp"
#include "metrics/null_correlation.hpp"
#include "metrics/unit_metrics.hpp"
#include "training/options.hpp"
#include "training/plan.hpp"

namespace strffit {

// The predictions that give one score per unit. They come from one member, or from the members of
// all folds: then each stimulus is predicted by the member that did not see it.
struct ScoredSeries {
  std::int64_t unit = -1;  // unit of the member; -1: the member predicts all units
  std::int64_t seed = 0;
  std::int64_t fold = 0;             // -1: joined over folds
  std::vector<std::size_t> stimuli;  // indices of stimuli, ascending
  std::vector<std::int64_t> member;  // for each stimulus: the member that predicts it
  std::int64_t setting = 0;          // setting of a sweep
};

// The recorded responses to compare with, and the options for this.
struct ScoringData {
  const Dataset* dataset;
  std::vector<std::int64_t> unit_of;  // for each of Roster::unit_ids: its index in the dataset
  bool smoothed = false;
  RunOptions run;
  // Called between blocks of series; may throw to cancel.
  std::function<void()> between = [] {};
};

// One series per member, with the stimuli of `split` in the member's fold.
std::vector<ScoredSeries> series_of_members(const Roster& roster,
                                            const std::vector<Partition>& partitions,
                                            SplitName split);
// One series per member, with all stimuli of the dataset.
std::vector<ScoredSeries> series_of_all(const Roster& roster, const Dataset& dataset);
// One series per seed, setting and unit, with all stimuli that are validation stimuli in some fold.
std::vector<ScoredSeries> series_of_folds(const Roster& roster,
                                          const std::vector<Partition>& partitions);

// Null distribution of the score: the options, and the result for the same predictions.
struct NullTest {
  NullOptions options;
  std::vector<NullScore> scores;  // (series x N), filled in by score()
};

// All metrics: (series x N), series first. NaN for skipped units and for series without stimuli.
// Only the predictions of some series are in memory at one time, at most 256 MiB (or one series).
// If FittedModel::batch_of is known, `series` must have one entry per member, in the order of the
// members.
std::vector<UnitMetrics> score(const FittedModel& fitted, const ScoringData& data,
                               const std::vector<ScoredSeries>& series, NullTest* null = nullptr);

// These stimuli, sorted by key. HDF5 groups are written in this order.
std::map<std::string, std::size_t> by_key(const Dataset& dataset,
                                          const std::vector<std::size_t>& stimuli);

// One array of this shape per metric, with the metric's name as key. Bug if the shape does not
// match the number of scores.
Metrics as_metrics(const std::vector<UnitMetrics>& scores, const Shape& shape);
// The same with shape (M, N), for scores with one series per member.
Metrics as_metrics(const std::vector<UnitMetrics>& scores, const Roster& roster);

// Predicts some stimuli of a dataset and writes the responses below /predictions (formats.md).
// `between` is called before each stimulus; it may throw to cancel. RunError if the file cannot be
// written.
void put_predictions(files::Writer& writer, const FittedModel& fitted, const Dataset& dataset,
                     const std::vector<std::size_t>& stimuli, const RunOptions& run,
                     const std::function<void()>& between);

// Estimated memory for scoring the members of a plan, in bytes, without their tensors.
double scoring_bytes(const Plan& plan, const RunOptions& run);

// The responses of one unit of the dataset to some stimuli, with all trials.
std::vector<Trials> trials_of(const Dataset& dataset, std::int64_t unit,
                              const std::vector<std::size_t>& stimuli);

}  // namespace strffit
