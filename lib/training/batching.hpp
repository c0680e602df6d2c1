// Which members are trained as one batch.
#pragma once

#include <cstdint>
#include <vector>

#include "training/plan.hpp"

namespace strffit {

// Batches of members: each has members of one fold, seed and setting, as many as fit the cache and
// leave every thread at least one batch. The composition of a batch affects rounding, so a run of
// some of the members gives the same bits as the whole run if it consists of whole batches.
std::vector<std::vector<std::int64_t>> cut(const Plan& plan, const RunOptions& run);

// What training a chunk takes, in multiplications: for dividing work, no promise of a time.
double cost(const Plan& plan, const std::vector<std::int64_t>& chunk);

// The members `chunks` of a plan that has been cut, in ascending order. `dataset` is that of the
// plan with fewer units: those of the members; all of them where members predict all units.
Plan part_of(const Plan& plan, std::vector<std::vector<std::int64_t>> chunks,
             const Dataset& dataset);

}  // namespace strffit
