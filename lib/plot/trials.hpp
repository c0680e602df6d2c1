// Drawing of the trials of one unit and one sound, one row per trial.
#pragma once

#include "plot/axes.hpp"
#include "plot/canvas.hpp"
#include "util/array.hpp"

namespace strffit::plot {

// An axis with one position per trial; the first of R trials is on top.
Scale trial_scale(std::int64_t trials);

// Draws spike counts (R, T) as a raster. Each frame with a spike has a mark, which is darker for
// more spikes. Missing data are grey.
void draw_spikes(Canvas& canvas, const Box& box, const Array<float>& responses);

// Draws any responses (R, T) in colour: blue below 0, white at 0, red above 0, grey for missing
// data. Returns the value of the darkest colours, or 0 if there is none.
double draw_trials(Canvas& canvas, const Box& box, const Array<float>& responses);

}  // namespace strffit::plot
