// Trials of one unit to one sound, as rows of a panel.
#pragma once

#include "plot/axes.hpp"
#include "plot/canvas.hpp"
#include "util/array.hpp"

namespace strffit::plot {

// An axis with a place for each of R trials, the first on top.
Scale trial_scale(std::int64_t trials);

// Spike counts (R, T): a mark a frame with a spike, darker for more; grey where nothing was
// recorded.
void draw_spikes(Canvas& canvas, const Box& box, const Array<float>& responses);

// Any responses (R, T) as colours: blue below 0, red above, white at 0, grey where nothing was
// recorded. Returns the value of the darkest colours, 0 where there is none.
double draw_trials(Canvas& canvas, const Box& box, const Array<float>& responses);

}  // namespace strffit::plot
