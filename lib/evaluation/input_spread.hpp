// How much varies what fitted members have heard in training.
#pragma once

#include <functional>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/split.hpp"
#include "formats/checkpoint.hpp"
#include "formats/input_spread.hpp"
#include "util/observer.hpp"

namespace strffit {

// Of the stimuli `train` of each member's fold, on `threads` threads of the CPU, in double. Those
// of a prefilter that is learnt differ from member to member. `between` is called now and then and
// may throw to end the work.
InputSpread input_spread(const FittedModel& fitted, const Dataset& dataset,
                         const std::vector<Partition>& partitions, int threads,
                         const std::function<void()>& between);

// Fills in what a checkpoint of an older version or of another program does not say, from the
// dataset that it was fitted to (`data`, or what it names). Where that is not at hand or is
// another, a warning says that weights stay as they are.
void find_input_spread(Checkpoint& checkpoint, const std::string& data, int threads,
                       Observer& observer);

}  // namespace strffit
