// Writes sounds, for simulated recordings.
#pragma once

#include <string>

#include "sound/audio.hpp"

namespace strffit {

// A WAV file of one channel, 16 bit, samples beyond full scale cut. RunError where it cannot be
// written, or this program was built without libsndfile.
void write_audio(const std::string& path, const Sound& sound);

}  // namespace strffit
