// Which frequency a prefilter takes each band to have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/node.hpp"

namespace strffit {

// Band centres of the config keys `min_freq_hz`, `max_freq_hz` and `scale`, else those of the
// dataset.
struct BandCentres {
  std::string scale =
      "dataset";  // or mel, erb, log, greenwood: equally spaced there, both ends included
  double min_freq_hz = 500;    // > 0
  double max_freq_hz = 20000;  // > min_freq_hz

  std::vector<double> frequencies_hz(const std::vector<double>& of_dataset) const;
};

BandCentres read_band_centres(config::Node& node);

}  // namespace strffit
