// Numbers to colours.
#pragma once

#include "plot/canvas.hpp"

namespace strffit::plot {

// Blue below 0, white at 0, red above, for value / scale in [-1, 1] (clipped): ColorBrewer's RdBu,
// which the colour-blind can read and whose lightness falls evenly to both sides. kMissing for what
// is not finite. `scale` above 0.
Colour diverging_colour(double value, double scale);

// White at and below `low`, black at and above `high`: sounds, and what is never below 0. kMissing
// for what is not finite.
Colour grey(double value, double low, double high);

}  // namespace strffit::plot
