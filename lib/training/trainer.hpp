// Trains all members of a study side by side.
#pragma once

#include "training/estimate.hpp"
#include "training/plan.hpp"
#include "training/state.hpp"

namespace strffit {

struct FitResult {
  TrainerState state;  // of the end
  Tensors best;        // parameters and buffers of every member's best state, (M, ...) float32, CPU
};

// Trains until every member has ended. `resume_from`: go on from a state of the same plan, whose
// tensors are taken out of it one by one.
// Bit-identical on the CPU for the same plan and run options, resumed or not.
FitResult train(const Plan& plan, const RunOptions& run, Sink& sink,
                TrainerState* resume_from = nullptr);

// `scoring_bytes`: what is held beside the models when they have been trained and are scored.
Estimate estimate(const Plan& plan, const RunOptions& run, double scoring_bytes = 0);

}  // namespace strffit
