// Frequencies that a prefilter assigns to the bands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/node.hpp"

namespace strffit {

// Band centres from the config keys `scale`, `min_freq_hz` and `max_freq_hz`, or those of the
// dataset.
struct BandCentres {
  std::string scale =
      "dataset";               // or mel, erb, log, greenwood: equally spaced on it, with both ends
  double min_freq_hz = 500;    // > 0
  double max_freq_hz = 20000;  // > min_freq_hz

  std::vector<double> frequencies_hz(const std::vector<double>& of_dataset) const;
};

BandCentres read_band_centres(config::Node& node);

}  // namespace strffit
