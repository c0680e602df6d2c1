// The mean of the predictions of several members, treated as one model: its predictions and its
// scores (models.md, "Averages").
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/split.hpp"
#include "evaluation/scoring.hpp"
#include "files/writer.hpp"
#include "formats/averaged.hpp"
#include "formats/fitted_model.hpp"
#include "metrics/unit_metrics.hpp"

namespace strffit {

// One part of an average: fitted members, usually one run. The mean of these members is averaged
// with the means of the other parts.
struct AveragePart {
  const FittedModel* fitted = nullptr;
  double weight = 1;  // weight of the part's mean, above 0; weights need not sum to 1
  // For each unit of the average: its index in this part, or -1 if the part does not have the unit.
  // Empty: the part has the same units in the same order.
  std::vector<std::int64_t> units;
  // The partition of each fold of the predicted dataset. Empty: no member has seen any of its
  // stimuli.
  std::vector<Partition> partitions = {};
};

// An average. Each part computes the mean over its members of a group. The average of the group is
// the weighted mean over the parts. A unit is NaN if one part does not have it or did not fit it.
struct Average {
  std::vector<AveragePart> parts;
  std::vector<AverageGroup> groups;
  std::int64_t units = 0;  // N_all, the number of units
};

// Selects the members of a group that predict a stimulus. For train, valid and test: the members of
// the folds in which the stimulus is in this set.
enum class Averages {
  train,  // the training set
  valid,  // is in the validation set
  test,   // is in the test set
  // For an average over folds. A stimulus can have four roles in a fold: test, unused, validation,
  // training. The first role in this order that occurs in any fold is taken, with all folds in
  // which the stimulus has it. So no selected member was trained on the stimulus if at least one
  // fold left it out. An average of one fold takes all its members.
  unseen
};

// The value of Averages for a split.
Averages averages_of(SplitName split);

// The groups of a roster, in order. For each setting: one group with the members of all folds. If
// there are several seeds and several folds, one more group for each fold follows.
Averaged averages_in(const Roster& roster);

// True if at least one unit has several members with the same setting, so that a mean exists.
bool has_averages(const Roster& roster);

// An average with one part and the groups of averages_in(). The result points to `fitted`.
Average average_of(const FittedModel& fitted, const std::vector<Partition>& partitions);

// All metrics of the means: (groups x N_all), groups first. Scores use the stimuli that the means
// predict; NaN if there are none. Predictions are summed as they are made, so memory does not grow
// with the number of members. Only some units and groups are in memory at one time, at most 256
// MiB; if members predict all units, at least one whole group is. If `null` is given, fills in its
// scores.
std::vector<UnitMetrics> score_average(const Average& average, const ScoringData& data,
                                       Averages which, NullTest* null = nullptr);

// The means for one stimulus.
struct MeanOfStimulus {
  std::size_t stimulus = 0;
  Array<float> values;  // (groups, units, T) predicted responses; NaN if there is no prediction
  std::vector<char> predicted;  // (groups x units): true if every part has a member for this row
};

// The means of the units first .. last - 1, for all stimuli that at least one member predicts.
std::vector<MeanOfStimulus> means_of_units(const Average& average, const ScoringData& data,
                                           Averages which, std::size_t first, std::size_t last);

// The means for one stimulus: (groups, N_all, T), T in frames. Uses the members that
// Averages::unseen selects.
Array<float> predict_average(const Average& average, const Dataset& dataset, std::size_t stimulus,
                             const RunOptions& run);

// Writes the means for some stimuli below /averaged/predictions, each (S, A, N_all, T). Uses the
// members that Averages::unseen selects. `between` is called before each block; it may throw to
// cancel. Bug if the groups of the average differ from those of `averaged`. RunError if the file
// cannot be written.
void put_averaged_predictions(files::Writer& writer, const Average& average,
                              const Averaged& averaged, const Dataset& dataset,
                              const std::vector<std::size_t>& stimuli, const RunOptions& run,
                              const std::function<void()>& between);

// Writes the means of an average with one group below /predictions, each (1, N_all, T). Bug if the
// average has several groups. Otherwise like put_averaged_predictions().
void put_mean_predictions(files::Writer& writer, const Average& average, const Dataset& dataset,
                          const std::vector<std::size_t>& stimuli, const RunOptions& run,
                          const std::function<void()>& between);

// The scores of the averages of a run's members, for each split with stimuli. Nothing if no unit
// has several members with the same setting.
std::optional<Averaged> score_averages(const FittedModel& fitted, const ScoringData& data,
                                       const std::vector<Partition>& partitions);

// Mean and standard deviation (divisor n - 1) of the gradient STRFs of the members, (M, N, F, L).
// One mean and one standard deviation for each group of averages_in(), each (S, A, N_all, F, L);
// NaN if a group has no members for the unit.
struct MeanFields {
  Array<float> mean, sd;
};
MeanFields average_fields(const Array<float>& fields, const Roster& roster);

// Estimated memory for scoring the averages of a plan, in bytes, without the tensors.
double averaging_bytes(const Plan& plan);

}  // namespace strffit
