// Fitted members with everything that is needed to predict.
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
  std::vector<Standardisation> standardisation;  // one entry for all members, or one per member
  bool own_standardisation = false;              // true: one per member (needed for folds)
  Roster roster;                                 // describes the M members
  // (M) number of the batch in which each member was trained. Members of one batch are predicted
  // together, because the composition of a batch affects rounding. Empty: unknown, or not needed.
  std::vector<std::int64_t> batch_of = {};
  InputSpread spread = {};  // standard deviations of the training inputs; may be unknown

  std::int64_t members() const { return static_cast<std::int64_t>(roster.members.size()); }

  // A copy with some members, in this order. A member may occur twice.
  FittedModel select(const std::vector<std::int64_t>& which) const;

  // Responses of all members to a spectrogram (F, T) before standardisation: (M, N, T). NaN for
  // skipped units.
  Array<float> predict(const Array<float>& spectrogram, const RunOptions& run) const;

  // Gives the same numbers, but calls `use` for some members at a time, in their order. So memory
  // does not grow with the number of members.
  void predict_in_blocks(const Array<float>& spectrogram, const RunOptions& run,
                         const UsePredictions& use) const;

 private:
  void mark_skipped(Array<float>& predictions) const;
};

}  // namespace strffit
