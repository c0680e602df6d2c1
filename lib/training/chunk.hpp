// A chunk: the members that are trained as one batch. They share one thread, one fold and one order
// of stimuli.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "ops/cuda/recorded.hpp"
#include "training/fold_data.hpp"
#include "training/plan.hpp"

namespace strffit {

// All tensors that training steps change, for all members of a plan. Each has shape (M, ...).
struct Memory {
  Tensors current;        // parameters and buffers
  Tensors first, second;  // moments of AdamW, for the learnt parameters only
  // Running means of parameters and buffers over the last epochs. Empty if fit.average is 0.
  Tensors average;
};

// Scores per member of a chunk, in the order of Chunk::members().
struct EpochScores {
  std::vector<double> train_loss, valid_loss, valid_cc, valid_cc_norm;
};

class Chunk {
 public:
  // `rows`: member numbers in the plan. They must be consecutive (otherwise Bug) and have the same
  // fold and setting. They must also have the same seed, unless a step takes all stimuli.
  // `memory`: the tensors of all members of the plan. From now on only this chunk may use its rows.
  // `members`: those of `rows` that are still running.
  // `recorded`: record the steps as a CUDA graph if the device supports it (ops/cuda/recorded.hpp).
  Chunk(const Plan& plan, const FoldData& data, const std::vector<std::int64_t>& rows,
        std::vector<std::int64_t> members, const Memory& memory, bool recorded);

  const std::vector<std::int64_t>& members() const { return members_; }

  // Trains for one epoch (one pass over the training stimuli), then validates. `epoch` counts from
  // 1. `learning_rates`: one per member.
  EpochScores train(std::int64_t epoch, const std::vector<double>& learning_rates);
  // train() in three parts. A GPU then gets the work of all chunks before the first wait. begin()
  // copies to the device, work() starts the steps and the validation without waiting, and scores()
  // copies the results back.
  void begin(std::int64_t epoch, const std::vector<double>& learning_rates);
  void work();
  EpochScores scores(int threads = 1);
  // Validates without training.
  EpochScores validate(int threads = 1) const;
  // Bytes of the results of work() that stay on the device until scores() copies them.
  double answer_bytes() const;

  // Copies the parameters and buffers of the members at `places` to their rows of `tensors`. Copies
  // the averages over epochs instead if they are kept.
  void store(const std::vector<std::size_t>& places, Tensors& tensors) const;

  // Removes all members except those at `places`.
  void keep(const std::vector<std::size_t>& places);

  // Running members occupy the first rows of the chunk, so that a step needs no copies.
  // put_back() moves every member to its own row: call it before others read the memory.
  // bring_together() undoes this: call it before the next step.
  void put_back();
  void bring_together();

 private:
  // A learnt tensor with its learning rates and weight decays.
  struct Learnt {
    const Entry* entry;
    std::int64_t rows;         // rates per member: one per row, or 1 for the whole tensor
    at::Tensor rates, decays;  // (m rows), the layout that ops::adamw expects
  };

  // Response to the validation stimuli, on the device. Undefined if there are no such stimuli.
  struct Answer {
    at::Tensor loss, response;  // (m), (m, S, N)
  };

  at::Tensor targets(const Batch& batch) const;  // (m, S, N)
  Answer answer() const;
  EpochScores score(const Answer& answer, int threads) const;
  std::int64_t step_size() const;  // stimuli per step
  std::int64_t steps() const;      // steps per epoch
  void take_over();
  void for_rows(const Learnt& learnt, const std::function<void(std::size_t, double)>& each) const;
  void set_rates(const std::vector<double>& learning_rates);
  // Makes one step of the optimiser. All tensors that it reads or changes are on the device and
  // keep their addresses. So the GPU is waited for only once per epoch, and a step can be recorded.
  void step(const Batch& batch);
  std::vector<std::int64_t> together() const;
  void permute(const std::vector<std::int64_t>& order);
  void follow();
  const Tensors& judged() const { return own_.average.empty() ? own_.current : own_.average; }

  const Plan* plan_;
  const FoldData* data_;
  bool recorded_;
  std::vector<std::int64_t> members_;
  std::int64_t first_;  // member number of the first row
  Memory rows_;         // all rows of the chunk
  Memory own_;          // the first rows, in the order of members_
  std::vector<Learnt> learnt_;
  at::Tensor units_;     // (m) unit of each member; -1 in population mode
  at::Tensor keys_;      // (m) dropout key of each member, see Pass::keys
  at::Tensor number_;    // () number of the next step, double
  at::Tensor rates_;     // learning rates of all learnt_, concatenated
  at::Tensor loss_sum_;  // (m) sum over the frames of an epoch, double; then the mean
  std::int64_t epoch_ = 0;
  Answer validation_;
  std::map<std::int64_t, ops::Recorded> recordings_;  // recorded steps, by their stimuli
};

}  // namespace strffit
