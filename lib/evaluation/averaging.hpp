// The mean of members' predictions, as a model of its own: what it predicts and how good it is
// (models.md, "Averages").
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

// One part of an average: fitted members. Their mean is averaged with the means of other parts.
struct AveragePart {
  const FittedModel* fitted = nullptr;
  double weight = 1;  // of the part's mean, above 0; weights need not add up to 1
  // For each unit of the average: the index of this unit in the part, -1 if it has none. Empty: the
  // same units in the same order.
  std::vector<std::int64_t> units;
  // The partition of each fold of the predicted dataset. Empty: no member saw any of its stimuli.
  std::vector<Partition> partitions = {};
};

// For each group: each part takes the mean over its members of the group, and the average is the
// weighted mean over the parts. A unit is NaN if a part lacks it or did not fit it.
struct Average {
  std::vector<AveragePart> parts;
  std::vector<AverageGroup> groups;
  std::int64_t units = 0;  // N_all
};

// Which members of a group predict a stimulus: those of the folds in which the stimulus ...
enum class Averages {
  train,  // is in the training set
  valid,  // is in the validation set
  test,   // is in the test set
  // An average over folds takes the first of these that any fold has: folds in which the stimulus
  // is in the test set, is unused, is in the validation set, is in the training set. So no member
  // was trained on the stimulus if some fold left it out. An average of one fold takes all its
  // members.
  unseen
};

Averages averages_of(SplitName split);

// The groups of a roster, in order: for each setting the members of all folds and, if there are
// several seeds and several folds, the members of each fold.
Averaged averages_in(const Roster& roster);

// True if a unit has several members with the same setting: only then is there a mean to take.
bool has_averages(const Roster& roster);

// An average of one part, with the groups of averages_in().
Average average_of(const FittedModel& fitted, const std::vector<Partition>& partitions);

// (groups x N_all) all metrics of the means, over the stimuli that they predict; NaN if there are
// none. Predictions are accumulated, so that memory does not grow with the number of members. The
// means of some units and groups are held at once, at most 256 MiB; if members predict all units,
// at least those of one group.
std::vector<UnitMetrics> score_average(const Average& average, const ScoringData& data,
                                       Averages which, NullTest* null = nullptr);

// The means for one stimulus.
struct MeanOfStimulus {
  std::size_t stimulus = 0;
  Array<float> values;          // (groups, units, T); NaN without a prediction
  std::vector<char> predicted;  // (groups x units) true if every part has a member for it
};

// The means of units first .. last - 1 for all stimuli that any member predicts.
std::vector<MeanOfStimulus> means_of_units(const Average& average, const ScoringData& data,
                                           Averages which, std::size_t first, std::size_t last);

// The means for a stimulus, (groups, N_all, T), by the members that Averages::unseen says.
Array<float> predict_average(const Average& average, const Dataset& dataset, std::size_t stimulus,
                             const RunOptions& run);

// Writes the means for some stimuli below /averaged/predictions as (S, A, N_all, T), by the members
// that Averages::unseen says. Bug if the average has other groups than `averaged`. `between` is
// called before each block, as by put_predictions().
void put_averaged_predictions(files::Writer& writer, const Average& average,
                              const Averaged& averaged, const Dataset& dataset,
                              const std::vector<std::size_t>& stimuli, const RunOptions& run,
                              const std::function<void()>& between);

// Writes the means of an average with one group below /predictions as (1, N_all, T).
void put_mean_predictions(files::Writer& writer, const Average& average, const Dataset& dataset,
                          const std::vector<std::size_t>& stimuli, const RunOptions& run,
                          const std::function<void()>& between);

// The scores of the averages of a run's members, on each split that has stimuli. Nothing if there
// is nothing to average.
std::optional<Averaged> score_averages(const FittedModel& fitted, const ScoringData& data,
                                       const std::vector<Partition>& partitions);

// Mean and standard deviation (divisor n - 1) of the members' gradient receptive fields
// (M, N, F, L), for each group of averages_in(): (S, A, N_all, F, L) each, NaN without members.
struct MeanFields {
  Array<float> mean, sd;
};
MeanFields average_fields(const Array<float>& fields, const Roster& roster);

// Bytes that scoring the averages of a plan needs, in addition to the tensors.
double averaging_bytes(const Plan& plan);

}  // namespace strffit
