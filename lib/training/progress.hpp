// Learning rate, best epoch and end of each member, after every epoch (models.md, "Training").
#pragma once

#include <cstddef>
#include <cstdint>

#include "training/options.hpp"
#include "training/state.hpp"

namespace strffit {

// The learning rate of epoch 1, 2, ... `max_epochs` under a cosine schedule:
// rate (1 + cos(pi (epoch - 1) / max_epochs)) / 2. `now` under any other schedule.
double scheduled_rate(const FitOptions& fit, std::int64_t epoch, std::int64_t max_epochs,
                      double now);

// Judges the epoch that member m has just ended, state.epoch, by `score` (larger is better): keeps
// the best score and its epoch, lowers the rate on a plateau, ends the member when its patience is
// over or `train_loss` is not finite. In a refit only the number of epochs counts. True if the
// member's tensors are to be kept. Other members may be judged at the same time.
bool judge_epoch(TrainerState& state, std::size_t m, const FitOptions& fit, double train_loss,
                 double score);

}  // namespace strffit
