// Colour maps.
#pragma once

#include "plot/canvas.hpp"

namespace strffit::plot {

// Maps value / scale, clipped to [-1, 1], to blue (below 0), white (0) and red (above 0). This is
// ColorBrewer's RdBu, which is safe for colour-blind readers and whose lightness falls evenly on
// both sides. Returns kMissing if the value is not finite. `scale` must be > 0.
Colour diverging_colour(double value, double scale);

// White at and below `low`, black at and above `high`. For sounds and other values that are never
// negative. Returns kMissing if the value is not finite.
Colour grey(double value, double low, double high);

}  // namespace strffit::plot
