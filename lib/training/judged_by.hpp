// The score by which epochs of a member, and settings of a sweep, are compared.
#pragma once

#include <cstdint>

#include "training/options.hpp"

namespace strffit {

// Larger is better: a correlation, or minus a loss.
enum class JudgedBy : std::uint8_t { valid_cc_norm, valid_cc, valid_loss, train_loss };

// What the responses to the validation stimuli allow, of the units that a member predicts.
struct ValidationResponses {
  bool vary = false;    // those of a unit are not constant
  bool signal = false;  // a unit's vary, and its signal power is above 0
};

// The one asked for where it is defined. Without signal power there is no normalised correlation:
// then the correlation. Of constant responses (a silent unit, a single frame, none at all) no
// correlation is defined, and the loss is lowest for a prediction that says nothing, so it tells a
// good epoch from a bad one the wrong way round: then the training loss.
JudgedBy judged_by(Monitor asked, const ValidationResponses& responses);

// Scores of one member after an epoch; NaN where undefined.
struct MemberScores {
  double train_loss, valid_loss, valid_cc, valid_cc_norm;
};

// Of epochs by one score, larger is better. A correlation that is undefined although its
// responses vary is one of a constant prediction, which is worth none: 0. Predictions that are no
// numbers are the worst there are: -infinity.
double score_by(JudgedBy what, const MemberScores& scores);

}  // namespace strffit
