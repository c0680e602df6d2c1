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

}  // namespace strffit
