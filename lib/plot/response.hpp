// A unit's response to a sound beside its prediction.
#pragma once

#include <string>
#include <vector>

#include "plot/page.hpp"
#include "util/array.hpp"

namespace strffit::plot {

struct NamedSeries {
  std::string name;
  std::vector<double> values;  // (T)
};

// On one time axis: the spectrogram, dark where it is loud; the mean response in grey with the
// predictions as lines; the trials, as a raster of spikes where they are counts, else as colours.
// Counts are drawn in spikes/s.
struct ResponseFigure {
  Heading heading;
  double dt_ms = 0;                      // > 0
  std::vector<double> frequencies_hz;    // (F)
  Array<float> spectrogram;              // (F, T); empty: no such panel
  Array<float> trials;                   // (R, T), NaN where missing; empty: no such panel
  std::vector<double> response;          // (T) mean over the trials; may be empty
  std::vector<NamedSeries> predictions;  // up to three
  bool counts = false;                   // the responses are spikes a frame
  std::string value_label = "response";  // of responses that are no counts
};

// A shape that does not fit is a Bug.
std::string draw(const ResponseFigure& figure, const Look& look);

}  // namespace strffit::plot
