// Numbers to colours, for receptive fields.
#pragma once

#include "plot/canvas.hpp"

namespace strffit::plot {

// Blue below 0, white at 0, red above, for value / scale in [-1, 1] (clipped): ColorBrewer's RdBu,
// which the colour-blind can read and whose lightness falls evenly to both sides. kMissing for what
// is not finite. `scale` above 0.
Colour diverging_colour(double value, double scale);

}  // namespace strffit::plot
