// Reads audio files: WAV, FLAC, AIFF and OGG, by libsndfile.
//
// Memory is bounded by one channel of one sound: other channels pass through a small buffer, and no
// allocation trusts the header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strffit {

// One channel of one sound.
struct Sound {
  std::string name;            // its file, for messages
  std::vector<float> samples;  // full scale of integer formats is 1
  double rate_hz = 0;          // samples per second
};

struct AudioInfo {
  double rate_hz = 0;
  int channels = 0;
  std::int64_t samples = 0;  // per channel, from the header; -1 if unknown
};

// Longest sound that is read, in samples of a channel: 6 h at 48 kHz, 4 GiB.
inline constexpr std::int64_t kMostSamples = std::int64_t{1} << 30;

// Reads the header without decoding. DataError as for read_audio, as far as the header shows it.
AudioInfo audio_info(const std::string& path);

// Reads channel `channel`, counted from 1; 0: the only channel. DataError naming the file and the
// remedy if it is not an audio file of these kinds, is incomplete, has a header with wrong sizes,
// has several channels and none is chosen, has no sample or more than kMostSamples, or has a sample
// that is NaN or beyond 1e9. RunError if this program was built without libsndfile.
Sound read_audio(const std::string& path, int channel = 0);

// Checks a sound from another source than read_audio. DataError unless the rate is above 0 and all
// samples are numbers up to 1e9.
void check_sound(const Sound& sound);

// Version of libsndfile, "1.2.0", or "none" and its consequence.
std::string audio_library_version();

}  // namespace strffit
