// Which members are trained as one batch.
#pragma once

#include <cstdint>
#include <vector>

#include "training/plan.hpp"

namespace strffit {

// Members worked together: of one fold, seed and setting, as many as fit the cache and leave every
// thread some. Who is worked with whom decides the rounding of products, so a part of the members
// gives the same bits as all of them where it is made of whole chunks.
std::vector<std::vector<std::int64_t>> cut(const Plan& plan, const RunOptions& run);

// What training a chunk takes, in multiplications: for dividing work, no promise of a time.
double cost(const Plan& plan, const std::vector<std::int64_t>& chunk);

// The members `chunks` of a plan that has been cut, in ascending order. `dataset` is that of the
// plan with fewer units: those of the members; all of them where members predict all units.
Plan part_of(const Plan& plan, std::vector<std::vector<std::int64_t>> chunks,
             const Dataset& dataset);

}  // namespace strffit
