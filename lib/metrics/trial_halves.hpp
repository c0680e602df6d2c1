// The ways to halve the trials of a stimulus that cc_max is taken over (models.md, Metrics).
#pragma once

#include <vector>

namespace strffit {

// Halves of `n_trials` trials, an odd last one left out: each the ascending indices of R / 2 of the
// R trials, trial 0 always among them, so that each unordered pair of halves comes once. All
// binomial(R, R/2) / 2 of them in lexicographic order, or, of more than 126, the 126 whose ranks
// are evenly spaced. Exact for any number of trials. None for fewer than 2 trials.
std::vector<std::vector<int>> trial_halves(int n_trials);

}  // namespace strffit
