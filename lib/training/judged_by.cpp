#include "training/judged_by.hpp"

#include <cmath>
#include <limits>

#include "util/errors.hpp"

namespace strffit {

JudgedBy judged_by(Monitor asked, const ValidationResponses& responses) {
  if (!responses.vary) return JudgedBy::train_loss;
  if (asked == Monitor::valid_loss) return JudgedBy::valid_loss;
  return asked == Monitor::valid_cc_norm && responses.signal ? JudgedBy::valid_cc_norm
                                                             : JudgedBy::valid_cc;
}

double score_by(JudgedBy what, const MemberScores& scores) {
  constexpr double kWorst = -std::numeric_limits<double>::infinity();
  const auto of_loss = [](double loss) { return std::isnan(loss) ? kWorst : -loss; };
  const auto correlation = [&scores](double value) {
    if (!std::isfinite(scores.valid_loss)) return kWorst;
    return std::isnan(value) ? 0 : value;
  };
  switch (what) {
    case JudgedBy::valid_cc_norm:
      return correlation(scores.valid_cc_norm);
    case JudgedBy::valid_cc:
      return correlation(scores.valid_cc);
    case JudgedBy::valid_loss:
      return of_loss(scores.valid_loss);
    case JudgedBy::train_loss:
      return of_loss(scores.train_loss);
  }
  throw Bug("a score of no kind");
}

}  // namespace strffit
