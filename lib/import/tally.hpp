// Counts the spikes of a recording by their use. Internal to import.
#pragma once

#include <cstdint>
#include <vector>

#include "util/nan.hpp"

namespace strffit::import {

// Spikes of a unit.
struct UnitTally {
  std::int64_t spikes = 0;  // in the source
  std::int64_t placed = 0;  // in frames of stimuli; twice if in two presentations
  std::int64_t before = 0;  // before the frames of its sound, if spikes are given by trial
  std::int64_t after = 0;   // after the frames of its sound, likewise
};

struct Tally {
  std::vector<UnitTally> units;
  double first_onset_s = kNaN, last_offset_s = kNaN;  // of presentations
  double first_spike_s = kNaN, last_spike_s = kNaN;   // on the recording's clock, or from the onset
  double longest_s = 0;                               // longest sound
  std::int64_t presentations = 0;
};

}  // namespace strffit::import
