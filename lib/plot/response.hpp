// Response of a unit to a sound, with its prediction.
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

// Panels with a common time axis: the spectrogram (dark where it is loud); the mean response in
// grey with the predictions as lines (PSTH); and the trials, as a spike raster for counts and in
// colour otherwise. Counts are drawn in spikes/s.
struct ResponseFigure {
  Heading heading;
  double dt_ms = 0;                      // > 0
  std::vector<double> frequencies_hz;    // (F)
  Array<float> spectrogram;              // (F, T), or empty to leave out this panel
  Array<float> trials;                   // (R, T), NaN if missing; or empty to leave out this panel
  std::vector<double> response;          // (T) mean over trials; may be empty
  std::vector<NamedSeries> predictions;  // at most three
  bool counts = false;                   // responses are spikes per frame
  std::string value_label = "response";  // label of responses that are not counts
};

// Throws Bug if shapes do not match.
std::string draw(const ResponseFigure& figure, const Look& look);

}  // namespace strffit::plot
