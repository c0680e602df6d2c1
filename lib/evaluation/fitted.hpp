// Opens a checkpoint together with a dataset.
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

// Path of the dataset that a checkpoint was fitted to. Searches for data.file of its config,
// relative to the current folder and then to the checkpoint's folder; then for the absolute path
// that the checkpoint stores. DataError if none of these files exists. ConfigError if the
// checkpoint names no dataset.
std::string dataset_of(const Checkpoint& checkpoint);

// Reads a dataset with the units of the checkpoint and the responses to the wanted stimuli.
// DataError if a unit is missing, or if bands or frame width differ.
Dataset read_units_of(const Checkpoint& checkpoint, const std::string& file,
                      const WantedStimuli& wanted);

// Reads all sounds of a dataset, without responses. Includes sounds without recorded responses. If
// units of the checkpoint are missing in the dataset, calls observer.warning(); the responses of
// these units are predicted anyway. DataError if bands or frame width differ.
Dataset read_stimuli_for(const Checkpoint& checkpoint, const std::string& file, Observer& observer);

// For each unit of the checkpoint: its index in the dataset. DataError if a unit is missing.
std::vector<std::int64_t> places_of_units(const Checkpoint& checkpoint, const Dataset& dataset);

// The options of the section `data` in the checkpoint's config: split, folds, smoothing.
DataOptions data_options_of(const Checkpoint& checkpoint);

// The partition of each fold of the dataset that the checkpoint was fitted to. Stimuli without
// recorded responses are in no part of a partition. Empty if `dataset` is a different file; then no
// member has seen any of its stimuli. DataError if a member has a fold number beyond the number of
// folds.
std::vector<Partition> partitions_of_fit(const Checkpoint& checkpoint, const Dataset& dataset);

// DataError if a member has a fold number that is not below the number of partitions.
void require_folds(const Checkpoint& checkpoint, const std::vector<Partition>& parts);

// True if the members were refitted with the validation stimuli in the training set (fit.refit).
bool refitted(const Checkpoint& checkpoint);

// Warns with the names of the stimuli without responses. Reading has left them out. Does nothing if
// there are none.
void warn_of_unrecorded(const Dataset& dataset, Observer& observer);

// Index of the stimulus with this key. DataError with the most similar key if there is none.
std::size_t stimulus_of(const Dataset& dataset, const std::string& key);

// Options from --device ("cpu", "cuda" or "auto") and --threads (0: all cores). ConfigError for
// another device or fewer than 0 threads.
RunOptions run_options(const std::string& device, std::int64_t threads);

}  // namespace strffit
