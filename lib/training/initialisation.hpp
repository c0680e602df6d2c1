// Where training starts: random numbers, the closed form, and outputs in the range of the
// responses.
#pragma once

#include "training/fold_data.hpp"
#include "training/plan.hpp"
#include "training/state.hpp"

namespace strffit {

struct StartingPoint {
  Tensors tensors;    // (M, ...) float32, CPU
  RidgeRecord ridge;  // empty where there was no closed form
};

// Member m from its own seed, fold and unit alone, whoever else is in the plan; the closed form to
// rounding, which depends on its chunk. folds: one per partition. chunks: as cut() makes them, or
// some of those: members of no chunk are left with their random numbers. chosen: take these choices
// of the closed form; empty: make them.
StartingPoint starting_point(const Plan& plan, const std::vector<FoldData>& folds,
                             const std::vector<std::vector<std::int64_t>>& chunks,
                             const RidgeRecord& chosen, int threads, Sink& sink);

}  // namespace strffit
