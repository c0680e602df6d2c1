// Checks the length of an audio file, because libsndfile silently accepts incomplete files. Private
// to this room.
#pragma once

#include <string>

namespace strffit {

// DataError if the file is not regular, is empty, does not start as WAV, FLAC, AIFF or OGG, or is a
// WAV, AIFF or OGG file that ends before its sound does. (FLAC files state their number of samples;
// read_audio checks it.)
void check_audio_file(const std::string& path);

}  // namespace strffit
