// Standard deviation of the inputs that fitted members had in training.
#pragma once

#include <functional>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/split.hpp"
#include "formats/checkpoint.hpp"
#include "formats/input_spread.hpp"
#include "util/observer.hpp"

namespace strffit {

// The standard deviations over the training stimuli of each member's fold. Runs on `threads` CPU
// threads, in double precision. If the prefilter is learnt, each member has its own values.
// `between` is called between groups of members; it may throw to cancel.
InputSpread input_spread(const FittedModel& fitted, const Dataset& dataset,
                         const std::vector<Partition>& partitions, int threads,
                         const std::function<void()>& between);

// Computes checkpoint.spread if it is missing, as in files from older versions or other programs.
// Uses the dataset `data`, or the fitted dataset if `data` is "". If this dataset cannot be read or
// is not the fitted one, calls observer.warning() and leaves the spread empty; receptive fields
// then remain raw weights.
void find_input_spread(Checkpoint& checkpoint, const std::string& data, int threads,
                       Observer& observer);

}  // namespace strffit
