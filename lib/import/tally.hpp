// What became of the spikes of a recording. Internal to import.
#pragma once

#include <cstdint>
#include <vector>

#include "util/nan.hpp"

namespace strffit::import {

// What happened to the spikes of a unit.
struct UnitTally {
  std::int64_t spikes = 0;  // of the source
  std::int64_t placed = 0;  // in a frame of a stimulus; one of two presentations counts twice
  std::int64_t before = 0;  // ahead of the onset of its sound, where spikes come by trial; else
  std::int64_t after = 0;   // outside of all presentations
};

struct Tally {
  std::vector<UnitTally> units;
  double first_onset_s = kNaN, last_offset_s = kNaN;  // of presentations
  double first_spike_s = kNaN, last_spike_s = kNaN;   // on their clock, or from the onset
  double longest_s = 0;                               // of a sound, where spikes come by trial
  std::int64_t presentations = 0;
};

}  // namespace strffit::import
