// Members trained as one batch: by one thread, on one fold, with one order of stimuli.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "ops/cuda/recorded.hpp"
#include "training/fold_data.hpp"
#include "training/plan.hpp"

namespace strffit {

// The tensors that steps change, of all members of a plan, (M, ...) each.
struct Memory {
  Tensors current;        // parameters and buffers
  Tensors first, second;  // moments of the optimiser, of the learnt ones
  Tensors
      average;  // of parameters and buffers over the last epochs; empty where nothing is averaged
};

// Per member of a chunk, in its order.
struct EpochScores {
  std::vector<double> train_loss, valid_loss, valid_cc, valid_cc_norm;
};

class Chunk {
 public:
  // `rows`: numbers in the plan, one after the other, all of one fold and setting and, unless a
  // step takes all stimuli, one seed; their rows of `memory`, which is of all members of the plan,
  // are the chunk's own from now on. `members`: those of them that still run. `recorded`: steps are
  // recorded where the memory's device can (ops/cuda/recorded.hpp).
  Chunk(const Plan& plan, const FoldData& data, const std::vector<std::int64_t>& rows,
        std::vector<std::int64_t> members, const Memory& memory, bool recorded);

  const std::vector<std::int64_t>& members() const { return members_; }

  // One pass over the training stimuli (epoch 1, 2, ...) with a learning rate each, then
  // validation.
  EpochScores train(std::int64_t epoch, const std::vector<double>& learning_rates);
  // The same in three parts, so that the work of all chunks is given to a GPU before the first
  // wait: copies to the device; steps and validation, without a wait; copies back.
  void begin(std::int64_t epoch, const std::vector<double>& learning_rates);
  void work();
  EpochScores scores(int threads = 1);
  // Validation alone.
  EpochScores validate(int threads = 1) const;
  // Size of the results of work() that stay on the device until scores() copies them.
  double answer_bytes() const;

  // Copies parameters and buffers of the members at `places` to their rows of `tensors`; their
  // averages over epochs, where these are kept.
  void store(const std::vector<std::size_t>& places, Tensors& tensors) const;

  // Drops all other members than those at these places.
  void keep(const std::vector<std::size_t>& places);

  // Members that run have the first rows of the chunk, so that a step works on them without copies.
  // put_back() gives every member its own row, before others read the memory;
  // bring_together() before the next step.
  void put_back();
  void bring_together();

 private:
  // A tensor that steps change, and how fast.
  struct Learnt {
    const Entry* entry;
    std::int64_t rows;         // of a member that have rates of their own
    at::Tensor rates, decays;  // (m rows), as ops::adamw wants them
  };

  // To the validation stimuli, on the device; undefined where there are none.
  struct Answer {
    at::Tensor loss, response;  // (m), (m, S, N)
  };

  at::Tensor targets(const Batch& batch) const;  // (m, S, N)
  Answer answer() const;
  EpochScores score(const Answer& answer, int threads) const;
  std::int64_t step_size() const;  // stimuli
  std::int64_t steps() const;      // an epoch
  void take_over();
  void for_rows(const Learnt& learnt, const std::function<void(std::size_t, double)>& each) const;
  void set_rates(const std::vector<double>& learning_rates);
  // One step of the optimiser. All tensors that it reads or changes are on the device and keep
  // their addresses, so that a GPU is waited for once per epoch and a step can be recorded.
  void step(const Batch& batch);
  std::vector<std::int64_t> together() const;
  void permute(const std::vector<std::int64_t>& order);
  void follow();
  const Tensors& judged() const { return own_.average.empty() ? own_.current : own_.average; }

  const Plan* plan_;
  const FoldData* data_;
  bool recorded_;
  std::vector<std::int64_t> members_;
  std::int64_t first_;  // number of the member of the first row
  Memory rows_;         // all of the chunk's
  Memory own_;          // the first of them: in the order of members_
  std::vector<Learnt> learnt_;
  at::Tensor units_;     // (m) of the members, where they have one each
  at::Tensor keys_;      // (m) of the members' dropout: Pass::keys
  at::Tensor number_;    // () of the step that is due, double
  at::Tensor rates_;     // learning rates of all learnt_, one after the other
  at::Tensor loss_sum_;  // (m) over the frames of an epoch, double; then their mean
  std::int64_t epoch_ = 0;
  Answer validation_;
  std::map<std::int64_t, ops::Recorded> recordings_;  // of steps, by what they take
};

}  // namespace strffit
