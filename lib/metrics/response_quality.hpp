// Reproducibility of a unit's responses, independent of any prediction.
#pragma once

#include <limits>
#include <span>

#include "metrics/responses.hpp"

namespace strffit {

// NaN where undefined; all NaN if no stimulus has 2 trials and 2 frames without gaps.
struct ResponseQuality {
  double signal_power = std::numeric_limits<double>::quiet_NaN();  // squared response
  double noise_power = std::numeric_limits<double>::quiet_NaN();   // squared response
  double snr = std::numeric_limits<double>::quiet_NaN();           // NaN if noise_power <= 0
  double cc_max = std::numeric_limits<double>::quiet_NaN();        // NaN if no rho > 0
  // Its standard error, from its spread over the ways to halve the trials; NaN of one way alone.
  double cc_max_error = std::numeric_limits<double>::quiet_NaN();
};

// Powers by Sahani & Linden (2003), cc_max by Hsu et al. (2004); means over the stimuli, weighted
// by their frames (models.md, Metrics). About 1 ms for 6 stimuli of 20 trials of 1000 frames.
ResponseQuality response_quality(std::span<const Trials> stimuli);

// Signal power of the given blocks; NaN if there are none.
double signal_power(std::span<const CompleteBlock> blocks);

}  // namespace strffit
