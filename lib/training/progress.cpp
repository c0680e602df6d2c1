#include "training/progress.hpp"

#include <cmath>
#include <numbers>

namespace strffit {

double scheduled_rate(const FitOptions& fit, std::int64_t epoch, std::int64_t max_epochs,
                      double now) {
  if (fit.schedule != Schedule::cosine) return now;
  const double part = static_cast<double>(epoch - 1) / static_cast<double>(max_epochs);
  return fit.learning_rate * (1 + std::cos(std::numbers::pi * part)) / 2;
}

bool judge_epoch(TrainerState& state, std::size_t m, const FitOptions& fit, double train_loss,
                 double score) {
  if (!std::isfinite(train_loss)) {
    state.status[m] = MemberStatus::failed;
    return false;
  }
  if (state.refitting()) return !state.is_active(m);
  const auto epoch = state.epoch;
  const bool better = score > state.best_score[m];
  if (better) {
    state.best_score[m] = score;
    state.best_epoch[m] = epoch;
    state.plateau_since[m] = epoch;
  }
  if (fit.schedule == Schedule::plateau &&
      epoch - state.plateau_since[m] >= fit.schedule_patience) {
    state.learning_rate[m] *= fit.schedule_factor;
    state.plateau_since[m] = epoch;
  }
  if (epoch - state.best_epoch[m] >= fit.patience) state.status[m] = MemberStatus::stopped_early;
  return better;
}

}  // namespace strffit
