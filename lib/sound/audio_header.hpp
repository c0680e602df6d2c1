// Whether an audio file is as long as it says: what libsndfile passes over in silence. Private to
// this room.
#pragma once

#include <string>

namespace strffit {

// DataError for what is no regular file, is empty, does not begin as WAV, FLAC, AIFF or OGG, and
// for WAV, AIFF and OGG files that end before their sound does. (FLAC files say how many samples
// they hold; read_audio counts them.)
void check_audio_file(const std::string& path);

}  // namespace strffit
