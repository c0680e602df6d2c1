// Learning rate, best epoch and end of each member, updated after every epoch (models.md,
// "Training").
#pragma once

#include <cstddef>
#include <cstdint>

#include "training/options.hpp"
#include "training/state.hpp"

namespace strffit {

// Learning rate of `epoch` (1, 2, ..., max_epochs). For the cosine schedule it is
// rate (1 + cos(pi (epoch - 1) / max_epochs)) / 2. For other schedules it is `now`.
double scheduled_rate(const FitOptions& fit, std::int64_t epoch, std::int64_t max_epochs,
                      double now);

// Judges the epoch state.epoch of member m by `score` (larger is better). Updates the best score
// and the best epoch, lowers the learning rate on a plateau, and ends the member if its patience is
// over or `train_loss` is not finite. In a refit, only the number of epochs counts. Returns true if
// the caller must keep the member's tensors as the best ones. May be called for different members
// at the same time.
bool judge_epoch(TrainerState& state, std::size_t m, const FitOptions& fit, double train_loss,
                 double score);

}  // namespace strffit
