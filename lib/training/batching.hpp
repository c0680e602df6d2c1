// Chunks: which members are trained as one batch.
#pragma once

#include <cstdint>
#include <vector>

#include "training/plan.hpp"

namespace strffit {

// Divides the members of a plan into chunks. Each chunk has members of one fold and setting, and of
// one seed unless a step takes all stimuli. It has as many members as fit the cache, but every
// thread gets at least one chunk. The composition of a chunk affects rounding. So a run of some of
// the members gives the same bits as the whole run if it consists of whole chunks.
std::vector<std::vector<std::int64_t>> cut(const Plan& plan, const RunOptions& run);

// Relative cost of training a chunk, in multiplications. It is meant for dividing work, not for
// predicting time.
double cost(const Plan& plan, const std::vector<std::int64_t>& chunk);

// Returns a plan with only the members of `chunks`, in ascending order. `plan` must have been cut.
// `dataset`: the plan's dataset, but with only the units of these members (all units if members
// predict all units).
Plan part_of(const Plan& plan, std::vector<std::vector<std::int64_t>> chunks,
             const Dataset& dataset);

}  // namespace strffit
