#include "sound/write_audio.hpp"

#ifdef STRFFIT_SNDFILE
#include <sndfile.h>
#endif

#include <cmath>

#include "util/errors.hpp"

namespace strffit {

#ifdef STRFFIT_SNDFILE

void write_audio(const std::string& path, const Sound& sound) {
  SF_INFO info{};
  info.samplerate = static_cast<int>(std::lround(sound.rate_hz));
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) {
    throw RunError("cannot write " + path + ": " + sf_strerror(nullptr));
  }
  sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  const auto samples = static_cast<sf_count_t>(sound.samples.size());
  const bool whole = sf_write_float(file, sound.samples.data(), samples) == samples;
  if (sf_close(file) != 0 || !whole) {
    throw RunError("cannot write " + path + ": is the disk full?");
  }
}

#else

void write_audio(const std::string& path, const Sound&) {
  throw RunError("cannot write " + path +
                 ": this strffit was built without libsndfile; install libsndfile1-dev (conda: "
                 "libsndfile) and build it again");
}

#endif

}  // namespace strffit
