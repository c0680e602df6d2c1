// Trains all members of a study side by side.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/prepare.hpp"
#include "dataset/split.hpp"
#include "model/model.hpp"
#include "training/options.hpp"
#include "util/array.hpp"
#include "util/observer.hpp"

namespace strffit {

// One independent model of the ensemble.
struct Member {
  std::int64_t unit =
      -1;  // index into Dataset::unit_ids; -1: predicts all units that can be fitted
  std::int64_t seed = 0;
  std::int64_t fold = 0;     // index into the partitions
  std::int64_t setting = 0;  // index into the settings of a sweep
};

// What is trained on what. Members: folds x seeds x settings x units, the last fastest.
struct Plan {
  const Dataset* dataset;                        // smoothed already where asked for
  std::vector<Partition> partitions;             // one per fold
  std::vector<Standardisation> standardisation;  // one per fold; mean 0, std 1 where none is wanted
  std::shared_ptr<const Model> model;            // outputs: 1 (independent), or the number of units
  std::vector<Member> members;
  std::vector<UnusableUnit>
      unusable;    // fitted by nobody: no member in independent mode, no target in population
  FitOptions fit;  // what members agree in
  // What they do not: of each of several settings. They differ in what fit_of() is asked for; mode,
  // solver, initialise, average and max_epochs are those of `fit`. Empty: one setting, `fit`.
  std::vector<FitOptions> settings = {};
  // Which members are worked together: their numbers, each in one chunk. As cut() makes them; empty
  // until somebody cuts.
  std::vector<std::vector<std::int64_t>> chunks = {};
  bool of_several_chunks = false;  // the chunks are some of a plan of several: see part_of

  // What the fitted members have seen: after a refit the validation stimuli too.
  std::vector<Partition> seen() const;
  // Whether members start from the closed form.
  bool closed_form() const;

  const FitOptions& fit_of(std::int64_t member) const {
    if (settings.empty()) return fit;
    const auto setting = members[static_cast<std::size_t>(member)].setting;
    return settings[static_cast<std::size_t>(setting)];
  }
};

// Throws DataError where no unit can be fitted.
Plan make_plan(const Dataset& dataset, const SplitOptions& split, Standardise how,
               const ModelSpec& model, const FitOptions& fit,
               const std::vector<FitOptions>& settings = {});

// Members worked together: of one fold, seed and setting, as many as fit the cache and leave every
// thread some. Who is worked with whom decides the rounding of products, so a part of the members
// gives the same bits as all of them where it is made of whole chunks.
std::vector<std::vector<std::int64_t>> cut(const Plan& plan, const RunOptions& run);

// What training a chunk takes, in multiplications: for dividing work, no promise of a time.
double cost(const Plan& plan, const std::vector<std::int64_t>& chunk);

// The members `chunks` of a plan that has been cut, in ascending order. `dataset` is that of the
// plan with fewer units: those of the members; all of them where members predict all units.
Plan part_of(const Plan& plan, std::vector<std::vector<std::int64_t>> chunks,
             const Dataset& dataset);

// Why a member ended; `running` while it has not.
enum class MemberStatus : std::uint8_t { running, finished, stopped_early, failed };

// Choices of the closed form, (M, N) each; empty without one.
struct RidgeRecord {
  Array<double> penalty;  // relative to the inputs' mean power; NaN for a unit that was not fitted
  Array<double> smooth_bands, smooth_lags;  // correlation lengths of the prior, bands and frames

  bool empty() const { return penalty.size() == 0; }
};

// Everything needed to go on exactly, and all results so far. By name: parameters, buffers
// ("current/..."), best parameters and buffers ("best/..."), optimiser ("first/...", "second/..."),
// running means ("average/..."), each (M, ...) float32, CPU. What a trainer hands out are its own
// tensors, not copies: they hold until it goes on.
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
  // Whether a member has epochs to go; in a refit it takes as many as were best.
  bool is_active(std::size_t member) const;
  // Epochs until the last member of a refit ends.
  std::int64_t refit_epochs_left() const;
};

// Where the trainer tells what happens, and what it may keep; calls come from the thread that
// called train().
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

struct FitResult {
  TrainerState state;  // of the end
  Tensors best;        // parameters and buffers of every member's best state, (M, ...) float32, CPU
};

// Trains until every member has ended. `resume_from`: go on from a state of the same plan, whose
// tensors are taken out of it one by one.
// Bit-identical on the CPU for the same plan and run options, resumed or not.
FitResult train(const Plan& plan, const RunOptions& run, Sink& sink,
                TrainerState* resume_from = nullptr);

// Predictions of the members for one stimulus: spectrogram (F, T) as recorded -> (M, N, T).
// `standardisation`: one, or one per member. `together`: a number per member; neighbours of one
// number may be computed together, which decides their rounding; empty: all.
Array<float> predict(const Model& model, const Tensors& tensors,
                     const std::vector<Standardisation>& standardisation,
                     const Array<float>& spectrogram, const RunOptions& run,
                     const std::vector<std::int64_t>& together = {});

// Some members' predictions for one stimulus, (m, N, T), from this member on.
using UsePredictions = std::function<void(std::int64_t first, const Array<float>& predictions)>;

// The same numbers as predict(), block by block of members in their order: memory does not grow
// with the members. A block keeps all threads busy. `use` is called on this thread.
void predict_in_blocks(const Model& model, const Tensors& tensors,
                       const std::vector<Standardisation>& standardisation,
                       const Array<float>& spectrogram, const RunOptions& run,
                       const std::vector<std::int64_t>& together, const UsePredictions& use);

// Members are predicted in pieces, which decide the rounding: the first member of each, and at the
// end their number. `one_input`: all members have the same standardisation. `together` as above.
std::vector<std::int64_t> predicted_pieces(std::int64_t members, bool one_input,
                                           const std::vector<std::int64_t>& together);
inline constexpr std::int64_t kPredictedAtOnce = 16;  // members of a piece, at most

// What the run will need, before it begins.
struct Estimate {
  std::int64_t members, parameters_per_member, chunks, members_per_chunk, threads;
  double bytes;              // peak memory
  double seconds_per_epoch;  // all members; measured on a part of them
};
// `scoring_bytes`: what is held beside the models when they have been trained and are scored.
Estimate estimate(const Plan& plan, const RunOptions& run, double scoring_bytes = 0);

}  // namespace strffit
