// Trains all members of a study.
#pragma once

#include "training/estimate.hpp"
#include "training/plan.hpp"
#include "training/state.hpp"

namespace strffit {

struct FitResult {
  TrainerState state;  // at the end of training
  Tensors best;        // best parameters and buffers of each member, (M, ...) float32, CPU
};

// Trains until every member has ended. `resume_from`: a state of the same plan to continue from;
// its tensors are moved out. On the CPU, results are bit-identical for the same plan and run
// options, also after a resume.
// Throws Stopped if `sink` asks to stop, RunError if memory or a GPU is missing, and DataError if
// `resume_from` does not fit the plan.
FitResult train(const Plan& plan, const RunOptions& run, Sink& sink,
                TrainerState* resume_from = nullptr);

// Estimates time and memory by a short trial. `scoring_bytes`: memory that is in use, besides the
// models, while the trained models are scored. Throws RunError as train() does.
Estimate estimate(const Plan& plan, const RunOptions& run, double scoring_bytes = 0);

}  // namespace strffit
