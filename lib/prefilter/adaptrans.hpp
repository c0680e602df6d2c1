// AdapTrans: adaptation to the mean level, in an ON and an OFF channel (Rancon et al. 2024).
#pragma once

#include "ops/adaptation.hpp"
#include "prefilter/band_centres.hpp"
#include "prefilter/prefilter.hpp"

namespace strffit {

struct AdaptransOptions {
  bool learnable = true;                        // time constants and weights are fitted
  bool rectify = true;                          // both channels through max(0, .)
  std::int64_t kernel_frames = ops::kInfinite;  // frames of the average with the current one; >= 2
  BandCentres centres;                          // for the starting time constants
};

inline constexpr double kAdaptransStartWeight = 0.75;  // w

PrefilterSpec adaptrans_prefilter(config::Node& node);

}  // namespace strffit
