// What a frame and a band mean: the physical axes of every spectrogram of a dataset.
#pragma once

#include <vector>

namespace strffit {

struct Axes {
  double dt_ms = 0;                    // frame width, > 0
  std::vector<double> frequencies_hz;  // (F) band centres, ascending
};

}  // namespace strffit
