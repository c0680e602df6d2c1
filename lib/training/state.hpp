// The state of training, and the interface that receives it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/model.hpp"
#include "util/array.hpp"
#include "util/observer.hpp"

namespace strffit {

// Why a member ended; `running` while it has not.
enum class MemberStatus : std::uint8_t { running, finished, stopped_early, failed };

// Choices of the closed form, (M, N) each; empty without one.
struct RidgeRecord {
  Array<double> penalty;  // relative to the inputs' mean power; NaN for a unit that was not fitted
  Array<double> smooth_bands, smooth_lags;  // correlation lengths of the prior, bands and frames

  bool empty() const { return penalty.size() == 0; }
};

// Everything needed to continue exactly, and all results so far. By name: parameters, buffers
// ("current/..."), best parameters and buffers ("best/..."), optimiser ("first/...", "second/..."),
// running means ("average/..."), each (M, ...) float32, CPU. These are the trainer's
// own tensors, not copies: they are valid until training continues.
struct TrainerState {
  std::string file;        // it was read from, for messages; "" where it was not
  std::int64_t epoch = 0;  // epochs done
  Tensors tensors;
  std::vector<MemberStatus> status;  // (M)
  std::vector<double>
      best_score;  // (M) the monitored value, larger is better; -infinity before the first
  std::vector<std::int64_t> best_epoch;     // (M) 0: the starting values
  std::vector<double> learning_rate;        // (M) now
  std::vector<std::int64_t> plateau_since;  // (M) epoch of the last improvement or reduction
  std::map<std::string, std::vector<std::vector<double>>>
      history;  // name -> epochs x M; "seconds": epochs x 1
  RidgeRecord ridge;
  std::int64_t refit_since = kNoRefit;  // epochs done when the refit began

  static constexpr std::int64_t kNoRefit = -1;
  bool refitting() const { return refit_since != kNoRefit; }
  // True if a member has epochs left; a refit has as many as were best.
  bool is_active(std::size_t member) const;
  // Epochs until the last member of a refit ends.
  std::int64_t refit_epochs_left() const;
};

// Receives the progress and the state of training. Called from the thread that called train().
class Sink : public Observer {
 public:
  // Asked after every epoch; if true, `save` is called with the state.
  virtual bool wants_state(std::int64_t epoch) {
    (void)epoch;
    return false;
  }
  // Called too when stop_requested() is true after an epoch; then train() throws Stopped.
  virtual void save(const TrainerState& state) { (void)state; }
};

}  // namespace strffit
