// The score that is used to compare the epochs of a member, or the settings of a sweep.
#pragma once

#include <cstdint>

#include "training/options.hpp"

namespace strffit {

// The kind of score. Larger is better: a correlation, or the negative of a loss.
enum class JudgedBy : std::uint8_t { valid_cc_norm, valid_cc, valid_loss, train_loss };

// Which scores the validation responses allow, for the units that a member predicts.
struct ValidationResponses {
  bool vary = false;    // at least one unit has responses that are not constant
  bool signal = false;  // at least one unit also has a signal power above 0
};

// Returns the score asked for if it is defined, otherwise a replacement:
// - CCnorm needs signal power. Without it, the plain correlation is used.
// - If all responses are constant (a silent unit, a single frame, or none), no correlation is
//   defined. The validation loss is then smallest for a constant prediction and cannot find good
//   epochs. So the training loss is used.
JudgedBy judged_by(Monitor asked, const ValidationResponses& responses);

// Scores of one member after an epoch; NaN where undefined.
struct MemberScores {
  double train_loss, valid_loss, valid_cc, valid_cc_norm;
};

// The score of one epoch; larger is better. An undefined correlation is 0 here, because the
// responses vary and so the prediction must be constant. If the loss is not finite, the score is
// -infinity. Throws Bug for an unknown kind of score.
double score_by(JudgedBy what, const MemberScores& scores);

}  // namespace strffit
