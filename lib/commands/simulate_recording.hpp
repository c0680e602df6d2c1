// The command `simulate --recording`: what a lab has on disk, of neurons whose receptive fields are
// known.
#pragma once

#include <string>

#include "dataset/simulate.hpp"

namespace strffit {

// Makes the folder `folder`:
//   sounds/sound_01.wav ...  ripple_sound(), 16 bit
//   events.csv               sound, onset_s: every trial of every sound, in random order on one
//   clock spikes.csv               unit, time_s: on the same clock recording.yaml           the
//   manifest that `strffit import` reads truth.h5                 the dataset that the import
//   gives, with the true receptive fields
// The neurons listen to the spectrograms of the sound files as strffit import makes them.
// ConfigError for options out of range, RunError where the folder cannot be written or is there
// already and `overwrite` is not set; a folder that is replaced has to be such a recording.
void simulate_recording(const SimulateOptions& options, const std::string& folder, bool overwrite);

}  // namespace strffit
