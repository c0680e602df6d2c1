// Predictions of fitted members.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dataset/prepare.hpp"
#include "model/model.hpp"
#include "training/options.hpp"
#include "util/array.hpp"

namespace strffit {

// Predicts one stimulus with all members: unstandardised spectrogram (F, T) -> (M, N, T).
// `standardisation`: one for all, or one per member. `together`: a number per member; adjacent
// members with the same number may be computed as one batch, which affects rounding. Empty: all
// members have the same number. Throws RunError if the memory of the GPU is full.
Array<float> predict(const Model& model, const Tensors& tensors,
                     const std::vector<Standardisation>& standardisation,
                     const Array<float>& spectrogram, const RunOptions& run,
                     const std::vector<std::int64_t>& together = {});

// Receives the predictions (m, N, T) of m members, beginning with member `first`.
using UsePredictions = std::function<void(std::int64_t first, const Array<float>& predictions)>;

// Gives the same numbers as predict(), but in blocks of members in ascending order. So memory does
// not grow with the number of members. A block is large enough to keep all threads busy. `use` is
// called on the calling thread.
void predict_in_blocks(const Model& model, const Tensors& tensors,
                       const std::vector<Standardisation>& standardisation,
                       const Array<float>& spectrogram, const RunOptions& run,
                       const std::vector<std::int64_t>& together, const UsePredictions& use);

// Members are predicted in pieces, and the composition of a piece affects rounding. Returns the
// first member of each piece, and `members` at the end. `one_input`: all members have the same
// standardisation. `together`: as in predict().
std::vector<std::int64_t> predicted_pieces(std::int64_t members, bool one_input,
                                           const std::vector<std::int64_t>& together);
inline constexpr std::int64_t kPredictedAtOnce = 16;  // largest number of members in a piece

}  // namespace strffit
