// The starting values of training: random numbers or the closed form, with output nonlinearities
// in the range of the responses.
#pragma once

#include "training/fold_data.hpp"
#include "training/plan.hpp"
#include "training/state.hpp"

namespace strffit {

struct StartingPoint {
  Tensors tensors;    // (M, ...) float32, CPU
  RidgeRecord ridge;  // empty if no closed form was used
};

// Computes the starting values of all members. They depend only on the seed, fold and unit of a
// member. The closed form also depends on its chunk, through rounding.
// `folds`: the data, one per partition. `chunks`: all or some of the chunks made by cut(). Members
// that are in no chunk keep their random numbers. `chosen`: choices of an earlier closed form that
// are used again; empty: make the choices. `sink` receives warnings and progress.
StartingPoint starting_point(const Plan& plan, const std::vector<FoldData>& folds,
                             const std::vector<std::vector<std::int64_t>>& chunks,
                             const RidgeRecord& chosen, int threads, Sink& sink);

// The random starting values only, (M, ...) float32, CPU.
Tensors random_start(const Plan& plan);

struct ClosedFormCost {
  double seconds = 0;
  double bytes = 0;  // peak memory in addition to what is held before
};

// Estimates the cost of the closed forms that starting_point() computes for these chunks, and
// computes again after a refit. It does not compute them. `folds`: the data; if the plan has a
// refit, the data of the refit. It assumes the present number of threads inside matrix products
// (ops::set_inner_threads).
ClosedFormCost cost_of_closed_form(const Plan& plan, const std::vector<FoldData>& folds,
                                   const std::vector<std::vector<std::int64_t>>& chunks,
                                   int threads);

}  // namespace strffit
