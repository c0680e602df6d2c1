// Splits of the trials of a stimulus into halves, for cc_max (models.md, Metrics).
#pragma once

#include <vector>

namespace strffit {

// Halves of `n_trials` trials; an odd last one is left out. Each half has the ascending indices of
// R / 2 of the R trials, with trial 0, so that each pair of halves occurs once. All binomial(R,
// R/2) / 2 halves in lexicographic order; of more than 126, the 126 with evenly spaced ranks. Exact
// for any number of trials. Empty for fewer than 2 trials.
std::vector<std::vector<int>> trial_halves(int n_trials);

}  // namespace strffit
