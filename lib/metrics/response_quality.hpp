// How reproducible a unit's responses are, whatever predicts them.
#pragma once

#include <limits>
#include <span>

#include "metrics/responses.hpp"

namespace strffit {

// NaN where undefined; all of it where no stimulus has 2 trials and 2 frames without gaps.
struct ResponseQuality {
  double signal_power = std::numeric_limits<double>::quiet_NaN();  // squared response
  double noise_power = std::numeric_limits<double>::quiet_NaN();   // squared response
  double snr = std::numeric_limits<double>::quiet_NaN();           // NaN where noise_power <= 0
  double cc_max = std::numeric_limits<double>::quiet_NaN();        // NaN where no rho > 0
};

// Sahani & Linden (2003) for the powers, Hsu et al. (2004) for cc_max, over the stimuli weighted by
// their frames (models.md, Metrics). About 1 ms for 6 stimuli of 20 trials of 1000 frames.
ResponseQuality response_quality(std::span<const Trials> stimuli);

// Signal power alone of blocks made already; NaN of none.
double signal_power(std::span<const CompleteBlock> blocks);

}  // namespace strffit
