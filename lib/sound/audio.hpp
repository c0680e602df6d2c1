// Sounds as audio files hold them: WAV, FLAC, AIFF and OGG, by libsndfile.
//
// Memory is bounded by one sound: its channel is kept, the others pass through a small buffer, and
// nothing is allocated because a header says so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strffit {

// One channel of one sound.
struct Sound {
  std::string name;            // for messages: its file
  std::vector<float> samples;  // full scale of whole numbers is 1
  double rate_hz = 0;          // samples a second
};

struct AudioInfo {
  double rate_hz = 0;
  int channels = 0;
  std::int64_t samples = 0;  // a channel, as the header says; -1 where it does not
};

// Longest sound that is read, samples of a channel: 6 h at 48 kHz, 4 GiB.
inline constexpr std::int64_t kMostSamples = std::int64_t{1} << 30;

// What the header says, without decoding. DataError as for read_audio, as far as headers show it.
AudioInfo audio_info(const std::string& path);

// Channel `channel`, from 1; 0: the file has to have one only. DataError naming the file and how to
// mend it: no audio file of these kinds, torn, a header that says other sizes than the file has,
// several channels and none chosen, no sample, more than kMostSamples, a sample that is not a
// number or beyond 1e9. RunError where this program was built without libsndfile.
Sound read_audio(const std::string& path, int channel = 0);

// DataError unless the sound has a rate and samples that are numbers below 1e9; for sounds that
// come from elsewhere than read_audio.
void check_sound(const Sound& sound);

// "1.2.0" of libsndfile, or "none" and what that means.
std::string audio_library_version();

}  // namespace strffit
