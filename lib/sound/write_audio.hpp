// Writes sounds, for simulated recordings.
#pragma once

#include <string>

#include "sound/audio.hpp"

namespace strffit {

// Writes a WAV file of one channel and 16 bits; samples beyond full scale are clipped. RunError if
// it cannot be written or this program was built without libsndfile.
void write_audio(const std::string& path, const Sound& sound);

}  // namespace strffit
