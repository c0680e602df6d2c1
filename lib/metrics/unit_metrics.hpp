// All metrics of a prediction for one unit: models.md, "Metrics, per unit".
#pragma once

#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "metrics/response_quality.hpp"
#include "metrics/responses.hpp"

namespace strffit {

// NaN where undefined, never 0. Powers and mse are in squared units of the response.
struct UnitMetrics {
  double cc = std::numeric_limits<double>::quiet_NaN();
  double mse = std::numeric_limits<double>::quiet_NaN();
  double fve = std::numeric_limits<double>::quiet_NaN();             // 1 is perfect
  double bits_per_spike = std::numeric_limits<double>::quiet_NaN();  // gain over the mean rate
  double signal_power = std::numeric_limits<double>::quiet_NaN();
  double noise_power = std::numeric_limits<double>::quiet_NaN();
  double snr = std::numeric_limits<double>::quiet_NaN();
  double spe = std::numeric_limits<double>::quiet_NaN();
  double cc_norm = std::numeric_limits<double>::quiet_NaN();      // Schoppe et al. 2016
  double cc_max = std::numeric_limits<double>::quiet_NaN();       // Hsu et al. 2004
  double cc_norm_hsu = std::numeric_limits<double>::quiet_NaN();  // cc / cc_max
  // Of cc_max, which bounds cc (ResponseQuality); of the unit, not of the prediction.
  double cc_max_error = std::numeric_limits<double>::quiet_NaN();

  // cc lies within 2 standard errors of cc_max, or above it: the model predicts what can be.
  bool at_ceiling() const { return cc >= cc_max - 2 * cc_max_error; }
};

struct UnitMetricName {
  std::string_view name;  // as in /metrics/<split>/<name>
  double UnitMetrics::*value;
};

// All metrics. Code that writes or prints them loops over this table.
inline constexpr std::array<UnitMetricName, 11> kUnitMetrics = {{
    {"cc", &UnitMetrics::cc},
    {"cc_norm", &UnitMetrics::cc_norm},
    {"cc_norm_hsu", &UnitMetrics::cc_norm_hsu},
    {"cc_max", &UnitMetrics::cc_max},
    {"fve", &UnitMetrics::fve},
    {"spe", &UnitMetrics::spe},
    {"mse", &UnitMetrics::mse},
    {"bits_per_spike", &UnitMetrics::bits_per_spike},
    {"snr", &UnitMetrics::snr},
    {"signal_power", &UnitMetrics::signal_power},
    {"noise_power", &UnitMetrics::noise_power},
}};

// All metrics of one unit. `predictions[s]`: one value per frame of `stimuli[s]`; values at frames
// without a trial are ignored. `smoothed`: trials are smoothed and therefore not counts. Bug if
// numbers of stimuli or frames differ.
UnitMetrics unit_metrics(std::span<const Trials> stimuli,
                         std::span<const std::span<const float>> predictions, bool smoothed);

// Takes response_quality(stimuli) as an argument: cc_max costs more than all other metrics, and
// many predictions of one unit can share it.
UnitMetrics unit_metrics(std::span<const Trials> stimuli,
                         std::span<const std::span<const float>> predictions, bool smoothed,
                         const ResponseQuality& quality);

}  // namespace strffit
