// Predictions of fitted members, and how good they are.
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

// One series of predictions: of a member, or of the members of all folds, each where it was held
// out.
struct ScoredSeries {
  std::int64_t unit = -1;  // of a member
  std::int64_t seed = 0;
  std::int64_t fold = 0;             // -1: joined over folds
  std::vector<std::size_t> stimuli;  // ascending
  std::vector<std::int64_t> member;  // that predicts each of them
  std::int64_t setting = 0;          // of a sweep
};

// What predictions are compared with, and how.
struct ScoringData {
  const Dataset* dataset;
  std::vector<std::int64_t> unit_of;  // dataset unit of each of Roster::unit_ids
  bool smoothed = false;
  RunOptions run;
  // Called between blocks of series; may throw to end the work.
  std::function<void()> between = [] {};
};

// A series per member, of the stimuli of its fold's `split`.
std::vector<ScoredSeries> series_of_members(const Roster& roster,
                                            const std::vector<Partition>& partitions,
                                            SplitName split);
// A series per member, of all stimuli of a dataset.
std::vector<ScoredSeries> series_of_all(const Roster& roster, const Dataset& dataset);
// A series per seed, setting and unit, of all stimuli that any fold held out.
std::vector<ScoredSeries> series_of_folds(const Roster& roster,
                                          const std::vector<Partition>& partitions);

// What chance gives, of the same predictions.
struct NullTest {
  NullOptions options;
  std::vector<NullScore> scores;  // (series x N), filled in by score()
};

// (series x N) all metrics; NaN for units that were skipped and where there are no stimuli. Holds
// the predictions of some series at a time, 256 MiB at most (or those of one series). Where the
// batches of the members are known, the series are those of one member each, in their order.
std::vector<UnitMetrics> score(const FittedModel& fitted, const ScoringData& data,
                               const std::vector<ScoredSeries>& series, NullTest* null = nullptr);

// These stimuli by their keys: a file's groups are written in this order.
std::map<std::string, std::size_t> by_key(const Dataset& dataset,
                                          const std::vector<std::size_t>& stimuli);

// As arrays of this shape by name of the metric; Bug if it does not hold as many scores.
Metrics as_metrics(const std::vector<UnitMetrics>& scores, const Shape& shape);
// The scores of a series per member as (M, N) arrays.
Metrics as_metrics(const std::vector<UnitMetrics>& scores, const Roster& roster);

// Predictions for some stimuli of a dataset, written below /predictions (formats.md). `between` is
// called before each stimulus and may throw to end the work.
void put_predictions(files::Writer& writer, const FittedModel& fitted, const Dataset& dataset,
                     const std::vector<std::size_t>& stimuli, const RunOptions& run,
                     const std::function<void()>& between);

// Bytes that a run holds while its members are scored, beside their tensors.
double scoring_bytes(const Plan& plan, const RunOptions& run);

// The trials of a dataset's unit to some stimuli.
std::vector<Trials> trials_of(const Dataset& dataset, std::int64_t unit,
                              const std::vector<std::size_t>& stimuli);

}  // namespace strffit
