// Members that are worked together: one thread, one fold, one order of stimuli.
#pragma once

#include <vector>

#include "training/study.hpp"
#include "training/trainer.hpp"

namespace strffit {

// What a member keeps from step to step, for all members of a plan, (M, ...) each.
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
  // `members`: their numbers in the plan, all of one fold and setting and, unless a step takes all
  // stimuli, one seed. Tensors on `device`.
  Chunk(const Plan& plan, const FoldData& data, std::vector<std::int64_t> members,
        const Memory& memory, const at::Device& device);

  const std::vector<std::int64_t>& members() const { return members_; }

  // One pass over the training stimuli (epoch 1, 2, ...) with a learning rate each, then
  // validation.
  EpochScores train(std::int64_t epoch, const std::vector<double>& learning_rates);
  // Validation alone.
  EpochScores validate() const;

  // Copies the state of the member at `place` to its row: all of it, or what is judged and kept,
  // parameters and buffers, averaged where they are.
  void store(std::size_t place, Memory& memory) const;
  void store(std::size_t place, Tensors& tensors) const;

  // Goes on with the members at these places alone.
  void keep(const std::vector<std::size_t>& places);

 private:
  at::Tensor targets(const Batch& batch) const;  // (m, S, N)
  std::vector<double> step(const Batch& batch, const std::vector<double>& learning_rates,
                           std::int64_t number);
  void make_leaves();
  void follow(std::int64_t number, std::int64_t steps);
  const Tensors& judged() const { return own_.average.empty() ? own_.current : own_.average; }

  const Plan* plan_;
  const FoldData* data_;
  std::vector<std::int64_t> members_;
  at::Device device_;
  Memory own_;  // rows in the order of members_
};

}  // namespace strffit
