// Fitted members: all that is needed to predict with them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataset/prepare.hpp"
#include "formats/input_spread.hpp"
#include "formats/roster.hpp"
#include "model/model.hpp"
#include "training/predict.hpp"

namespace strffit {

struct FittedModel {
  std::shared_ptr<const Model> model;
  Tensors tensors;                               // (M, ...) float32, CPU
  std::vector<Standardisation> standardisation;  // one for all members, or one for each
  bool own_standardisation = false;              // one for each, as folds need it
  Roster roster;                                 // of the M members
  // (M) number of the batch in which each member was trained. The members of a batch are predicted
  // together, which affects rounding. Empty: not known, or not to be kept.
  std::vector<std::int64_t> batch_of = {};
  InputSpread spread = {};  // in training, where it is known

  std::int64_t members() const { return static_cast<std::int64_t>(roster.members.size()); }

  // Some of the members, in this order, with what belongs to each; a member may be named twice.
  FittedModel select(const std::vector<std::int64_t>& which) const;

  // Responses of all members to a spectrogram (F, T) as recorded: (M, N, T). NaN for units that no
  // member was fitted to.
  Array<float> predict(const Array<float>& spectrogram, const RunOptions& run) const;

  // The same numbers, some members at a time, in their order: memory does not grow with the number
  // of members.
  void predict_in_blocks(const Array<float>& spectrogram, const RunOptions& run,
                         const UsePredictions& use) const;

 private:
  void mark_skipped(Array<float>& predictions) const;
};

}  // namespace strffit
