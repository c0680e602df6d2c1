// Simulated sounds that can be heard: moving ripples as audio.
#pragma once

#include <cstdint>
#include <vector>

#include "dataset/simulate.hpp"

namespace strffit {

// Sound number `sound` (from 0) of a simulation as samples between -0.9 and 0.9: tones, 24 an
// octave from the lowest to the highest frequency, whose levels follow sound_ripples(). `rate_hz`:
// samples a second; tones at half of it and above are left out. The same for the same seed.
std::vector<float> ripple_sound(const SimulateOptions& options, std::int64_t sound, double rate_hz);

}  // namespace strffit
