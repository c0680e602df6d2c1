// Receptive fields of fitted members, and what they say in a few numbers (models.md, "Explaining a
// fitted model"; formats.md, /strf).
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "dataset/dataset.hpp"
#include "formats/fitted_model.hpp"
#include "formats/strfs.hpp"
#include "util/array.hpp"

namespace strffit {

// The kernels alone; NaN where a kernel is that of a unit that was skipped. `weights`: what the
// summary is of; raw where the spread of the bands is not known.
Strfs kernel_strfs(const FittedModel& fitted, Weights weights = Weights::per_sd);

// Mean of d r[n, t] / d x[f, t - l], at the lags of the kernels, over the frames t of the stimuli
// `which` of `dataset` from where no lag reaches the first frame or one beyond the last, on
// `threads` threads of the CPU: (M, N, F, L), NaN where no stimulus is longer than L frames.
// `between` is called between stimuli, from the calling thread, and may throw to end the work.
Array<float> gradient_strfs(const FittedModel& fitted, const Dataset& dataset,
                            const std::vector<std::size_t>& which, int threads,
                            const std::function<void()>& between);

// d r[n, t] / d x[f, t - l] of one member at every frame of one stimulus: (N, T, F, L).
Array<float> dynamic_strf(const FittedModel& fitted, std::int64_t member,
                          const Array<float>& spectrogram);

// The measures of `fields`, of whose lags the first `ahead` lie in the future.
Fields summarised(Array<float> fields, const Axes& axes, std::int64_t ahead);

// Gradient STRFs (M, N, F, L) with their values per standard deviation and the measures of
// whichever is wanted.
Fields summarised_gradients(Array<float> fields, const FittedModel& fitted, Weights weights);

}  // namespace strffit
