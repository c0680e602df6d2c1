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

// The start of a member depends on its own seed, fold and unit only; the closed form also depends,
// by rounding, on its chunk. folds: one per partition. chunks: as cut() makes them, or
// some of those: members of no chunk are left with their random numbers. chosen: take these choices
// of the closed form; empty: make them.
StartingPoint starting_point(const Plan& plan, const std::vector<FoldData>& folds,
                             const std::vector<std::vector<std::int64_t>>& chunks,
                             const RidgeRecord& chosen, int threads, Sink& sink);

// The members' random numbers alone, (M, ...) float32, CPU.
Tensors random_start(const Plan& plan);

struct ClosedFormCost {
  double seconds = 0;
  double bytes = 0;  // beside what is held before
};

// What starting_point() takes for the closed forms of these chunks, and again after a refit; they
// are not computed. folds: of a plan with a refit, what that learns from. The threads of products
// are those that the closed form will have.
ClosedFormCost cost_of_closed_form(const Plan& plan, const std::vector<FoldData>& folds,
                                   const std::vector<std::vector<std::int64_t>>& chunks,
                                   int threads);

}  // namespace strffit
