// The mean of members' predictions as a model of its own: its predictions, and how good they are
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

// Fitted members whose mean is averaged with the means of other parts.
struct AveragePart {
  const FittedModel* fitted = nullptr;
  double weight = 1;  // of its mean, above 0; those of an average need not add up to 1
  std::vector<std::int64_t> units;  // its unit for each unit of the average; empty: the same
  // The divisions of the predicted dataset by fold. Empty: its members saw nothing of it.
  std::vector<Partition> partitions = {};
};

// The mean of the members of each group, in each part; of the parts the weighted mean. NaN for a
// unit that a part lacks, or has left out.
struct Average {
  std::vector<AveragePart> parts;
  std::vector<AverageGroup> groups;
  std::int64_t units = 0;  // N_all
};

// Which members predict a stimulus, of those of a group.
enum class Averages {
  train,  // those that it trained
  valid,  // those that held it out to choose
  test,   // those that it tests
  // For an average over folds those that it tests, where there are none those that it was nothing
  // to, then those that held it out, and where every fold trained on it all. So where there are
  // folds, none that saw the stimulus. Of one fold all.
  unseen
};

Averages averages_of(SplitName split);

// The groups of a roster, in order: of each setting the members of all folds, and where there are
// several seeds and folds those of each fold.
Averaged averages_in(const Roster& roster);

// Whether a unit has several members with one setting, so that there is something to average.
bool has_averages(const Roster& roster);

// One part, of these members, whose groups are those of averages_in().
Average average_of(const FittedModel& fitted, const std::vector<Partition>& partitions);

// (groups x N_all) all metrics of the means, over the stimuli that they predict; NaN where there
// are none. Predictions are accumulated: memory does not grow with the members. It holds the means
// for the stimuli of some units and groups at a time, 256 MiB at most (or those of one group of
// members that predict all units).
std::vector<UnitMetrics> score_average(const Average& average, const ScoringData& data,
                                       Averages which, NullTest* null = nullptr);

// The means for one stimulus.
struct MeanOfStimulus {
  std::size_t stimulus = 0;
  Array<float> values;          // (groups, units, T); NaN where there is none
  std::vector<char> predicted;  // (groups x units) whether every part has members for it
};

// The means for all stimuli that any member predicts, of the units from `first` to before `last`,
// which are held at once.
std::vector<MeanOfStimulus> means_of_units(const Average& average, const ScoringData& data,
                                           Averages which, std::size_t first, std::size_t last);

// The means for a stimulus, as Averages::unseen has them: (groups, N_all, T).
Array<float> predict_average(const Average& average, const Dataset& dataset, std::size_t stimulus,
                             const RunOptions& run);

// Predictions for some stimuli, written below /averaged/predictions as (S, A, N_all, T), as
// Averages::unseen has them. The average has as many groups as `averaged`. `between` as of
// put_predictions().
void put_averaged_predictions(files::Writer& writer, const Average& average,
                              const Averaged& averaged, const Dataset& dataset,
                              const std::vector<std::size_t>& stimuli, const RunOptions& run,
                              const std::function<void()>& between);

// The same of an average with one group, written below /predictions as (1, N_all, T).
void put_mean_predictions(files::Writer& writer, const Average& average, const Dataset& dataset,
                          const std::vector<std::size_t>& stimuli, const RunOptions& run,
                          const std::function<void()>& between);

// What results hold of the average of a run's members: scores on the splits that have stimuli.
// Nothing where there is nothing to average.
std::optional<Averaged> score_averages(const FittedModel& fitted, const ScoringData& data,
                                       const std::vector<Partition>& partitions);

// Of the members' gradient receptive fields (M, N, F, L), the mean of each group of averages_in()
// and the standard deviation of its members: (S, A, N_all, F, L) both; NaN where there is none.
struct MeanFields {
  Array<float> mean, sd;
};
MeanFields average_fields(const Array<float>& fields, const Roster& roster);

// Bytes that averages take while they are scored, beside the tensors.
double averaging_bytes(const Plan& plan);

}  // namespace strffit
