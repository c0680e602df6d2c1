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

// Why training of a member ended; `running` if it has not ended.
enum class MemberStatus : std::uint8_t { running, finished, stopped_early, failed };

// What the closed form has chosen, (M, N) each. Empty if no closed form was used.
struct RidgeRecord {
  Array<double>
      penalty;  // relative to the mean power of the inputs; NaN for a unit that was not fitted
  Array<double> smooth_bands,
      smooth_lags;  // correlation lengths of the prior, in bands and in frames

  bool empty() const { return penalty.size() == 0; }
};

// Everything that is needed to continue training exactly, and all results so far. `tensors` holds,
// by name: present parameters and buffers ("current/..."), the best ones ("best/..."), the moments
// of the optimiser ("first/...", "second/...") and running means ("average/..."). Each is
// (M, ...) float32 on the CPU. On the CPU they share memory with the trainer: they are valid until
// training continues.
struct TrainerState {
  std::string file;        // path it was read from, for messages; otherwise ""
  std::int64_t epoch = 0;  // number of completed epochs
  Tensors tensors;
  std::vector<MemberStatus> status;  // (M)
  // (M) the monitored score, larger is better; -infinity before the first epoch.
  std::vector<double> best_score;
  std::vector<std::int64_t> best_epoch;     // (M) 0 means the starting values
  std::vector<double> learning_rate;        // (M) present value
  std::vector<std::int64_t> plateau_since;  // (M) epoch of the last improvement or reduction
  // name -> (epochs, M); "seconds" is (epochs, 1).
  std::map<std::string, std::vector<std::vector<double>>> history;
  RidgeRecord ridge;
  std::int64_t refit_since = kNoRefit;  // number of completed epochs when the refit began

  static constexpr std::int64_t kNoRefit = -1;
  bool refitting() const { return refit_since != kNoRefit; }
  // True if the member has epochs left. A refit trains each member for best_epoch epochs.
  bool is_active(std::size_t member) const;
  // Number of epochs until the last member of a refit ends.
  std::int64_t refit_epochs_left() const;
};

// Receives the progress and the state of training. Called from the thread that called train().
class Sink : public Observer {
 public:
  // Called after every epoch. If it returns true, save() is called with the state.
  virtual bool wants_state(std::int64_t epoch) {
    (void)epoch;
    return false;
  }
  // Also called if stop_requested() is true after an epoch; then train() throws Stopped.
  virtual void save(const TrainerState& state) { (void)state; }
};

}  // namespace strffit
