// A checkpoint with a dataset to predict.
#pragma once

#include <string>
#include <vector>

#include "dataset/options.hpp"
#include "dataset/split.hpp"
#include "evaluation/scoring.hpp"
#include "formats/checkpoint.hpp"
#include "training/options.hpp"
#include "util/observer.hpp"

namespace strffit {

// The dataset that a checkpoint was fitted to: as its config names it, from the current folder,
// else from the checkpoint's, else where it was then. DataError where there is none any more.
std::string dataset_of(const Checkpoint& checkpoint);

// Reads the checkpoint's units of a dataset, for the stimuli wanted. DataError where it has other
// units, bands or frames.
Dataset read_units_of(const Checkpoint& checkpoint, const std::string& file,
                      const WantedStimuli& wanted);

// The sounds of a dataset, recorded or not, without responses. Warns where it has units that are
// not the checkpoint's, whose responses will be predicted all the same. DataError where it has
// other bands or frames.
Dataset read_stimuli_for(const Checkpoint& checkpoint, const std::string& file, Observer& observer);

// The checkpoint's units in a dataset that has them all.
std::vector<std::int64_t> places_of_units(const Checkpoint& checkpoint, const Dataset& dataset);

// data.split, data.folds and data.smooth_ms of a checkpoint's config.
DataOptions data_options_of(const Checkpoint& checkpoint);

// The divisions by fold of the file that a checkpoint was fitted to, also where it was read with
// sounds that nobody has recorded: these are in no division. Empty for another file, of which no
// member has seen anything. DataError where members are of more folds than there are.
std::vector<Partition> partitions_of_fit(const Checkpoint& checkpoint, const Dataset& dataset);

// DataError where members are of more folds than there are partitions.
void require_folds(const Checkpoint& checkpoint, const std::vector<Partition>& parts);

// Whether its members have been fitted once more with the validation stimuli among the others.
bool refitted(const Checkpoint& checkpoint);

// Names the stimuli without responses, which reading has left out.
void warn_of_unrecorded(const Dataset& dataset, Observer& observer);

// Index of the stimulus of that key; DataError naming the nearest one.
std::size_t stimulus_of(const Dataset& dataset, const std::string& key);

// "cpu", "cuda" or "auto"; ConfigError for another word and for less than 0 threads.
RunOptions run_options(const std::string& device, std::int64_t threads);

}  // namespace strffit
