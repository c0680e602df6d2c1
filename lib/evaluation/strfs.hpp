// Receptive fields of fitted members and their summary measures (models.md, "Explaining a fitted
// model"; formats.md, /strf).
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "dataset/dataset.hpp"
#include "formats/fitted_model.hpp"
#include "formats/strfs.hpp"
#include "util/array.hpp"

namespace strffit {

// The kernels and their measures, without gradient STRFs. NaN for the kernels of skipped units.
// `weights`: the scale of the summary measures. If the standard deviations of the bands are
// unknown, the scale is raw.
Strfs kernel_strfs(const FittedModel& fitted, Weights weights = Weights::per_sd);

// Gradient STRFs: the mean of d r[n, t] / d x[f, t - l] over frames, (M, N, F, L), at the lags of
// the kernels. `which`: indices of the stimuli to use. Only frames t are used for which all lags
// are inside the stimulus. NaN if no stimulus is longer than L frames. Runs on `threads` CPU
// threads. `between` is called between groups of stimuli in the calling thread; it may throw to
// cancel.
Array<float> gradient_strfs(const FittedModel& fitted, const Dataset& dataset,
                            const std::vector<std::size_t>& which, int threads,
                            const std::function<void()>& between);

// d r[n, t] / d x[f, t - l] of one member at every frame of one stimulus (F, T): (N, T, F, L).
Array<float> dynamic_strf(const FittedModel& fitted, std::int64_t member,
                          const Array<float>& spectrogram);

// The fields with their measures. The first `ahead` lags are negative (in the future). `per_sd`:
// the same fields per standard deviation of the band, or empty; `weights`: which of both the
// measures are of.
Fields summarised(Array<float> fields, const Axes& axes, std::int64_t ahead,
                  Array<float> per_sd = {}, Weights weights = Weights::raw);

// Gradient STRFs (M, N, F, L) with their values per standard deviation and their measures.
// `weights`: the scale of the measures.
Fields summarised_gradients(Array<float> fields, const FittedModel& fitted, Weights weights);

}  // namespace strffit
