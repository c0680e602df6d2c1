// Summary of an STRF in a few numbers: models.md, "Explaining a fitted model".
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "util/axes.hpp"

namespace strffit {

// Measures of one field (F, L); NaN where undefined.
struct StrfSummary {
  double best_frequency_hz = std::numeric_limits<double>::quiet_NaN();
  double bandwidth_octaves = std::numeric_limits<double>::quiet_NaN();  // at half height
  double latency_ms = std::numeric_limits<double>::quiet_NaN();
  double duration_ms = std::numeric_limits<double>::quiet_NaN();   // at half height
  double separability = std::numeric_limits<double>::quiet_NaN();  // 0..1, 1 is separable
  double best_rate_hz = std::numeric_limits<double>::quiet_NaN();
  double best_ripple_cycles_per_octave = std::numeric_limits<double>::quiet_NaN();
  // The best frequency is that of the lowest or highest of three bands or more, and may lie beyond.
  bool at_edge = false;
};

struct StrfMeasureName {
  std::string_view name;  // as in /strf/summary/<name>
  double StrfSummary::*value;
};

// All measures. Code that writes or prints them loops over this table.
inline constexpr std::array<StrfMeasureName, 7> kStrfMeasures = {{
    {"best_frequency_hz", &StrfSummary::best_frequency_hz},
    {"bandwidth_octaves", &StrfSummary::bandwidth_octaves},
    {"latency_ms", &StrfSummary::latency_ms},
    {"duration_ms", &StrfSummary::duration_ms},
    {"separability", &StrfSummary::separability},
    {"best_rate_hz", &StrfSummary::best_rate_hz},
    {"best_ripple_cycles_per_octave", &StrfSummary::best_ripple_cycles_per_octave},
}};

// `field`: (F, L), last axis contiguous; its first `ahead` lags lie in the future (lag_ms()).
// `axes`: F ascending frequencies. All NaN if the field is all 0 or not finite. Bug if the field is
// empty or not a multiple of F.
StrfSummary strf_summary(std::span<const float> field, const Axes& axes, std::int64_t ahead);

}  // namespace strffit
