#include "training/state.hpp"

#include <algorithm>

namespace strffit {

bool TrainerState::is_active(std::size_t member) const {
  if (!refitting()) return status[member] == MemberStatus::running;
  return status[member] != MemberStatus::failed && epoch - refit_since < best_epoch[member];
}

std::int64_t TrainerState::refit_epochs_left() const {
  std::int64_t left = 0;
  for (std::size_t m = 0; m < status.size(); ++m) {
    if (is_active(m)) left = std::max(left, best_epoch[m] - (epoch - refit_since));
  }
  return left;
}

}  // namespace strffit
