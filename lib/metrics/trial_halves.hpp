// Splits of the trials of a stimulus into halves, for cc_max (models.md, Metrics).
#pragma once

#include <vector>

namespace strffit {

// Halves of `n_trials` trials, without the last one if the number is odd. Each half is the
// ascending indices of R / 2 of the R trials and contains trial 0, so that each pair of halves
// occurs once. Returns all binomial(R, R/2) / 2 halves in lexicographic order; if these are more
// than 126, the 126 with evenly spaced ranks. Exact for any number of trials. Empty for fewer than
// 2 trials.
std::vector<std::vector<int>> trial_halves(int n_trials);

}  // namespace strffit
