// Spectrograms of the sounds that were played. Internal to import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "files/scratch.hpp"
#include "import/manifest.hpp"
#include "import/recording.hpp"
#include "util/array.hpp"
#include "util/observer.hpp"

namespace strffit::import {

// Reads each sound once. Compression may need the loudest sound, so uncompressed spectrograms wait
// in a scratch file, and memory holds one sound at a time.
class Spectra {
 public:
  // Sounds with the same samples; they are one stimulus.
  struct One {
    std::vector<std::size_t> sounds;  // indices into Sounds::list, ascending; one or more
    Shape shape;                      // (F, T)
    std::int64_t place = 0;           // in the scratch file
    std::int64_t frames() const { return shape[1]; }
  };

  // Reads the sounds in `played`. Notes several names for the same samples, frames that look ahead,
  // and values that depend on the sampling rate.
  Spectra(const Manifest& manifest, const Sounds& sounds, const std::vector<bool>& played,
          double dt_ms, Observer& observer, std::vector<std::string>& notes);

  const std::vector<One>& list() const { return all_; }
  // Compressed spectrogram (F, T), finite.
  Array<float> read(const One& one) const;

 private:
  void add(std::size_t index, const SoundEntry& sound);
  bool known(std::uint64_t fingerprint, std::size_t index);
  void keep(std::uint64_t fingerprint, std::size_t index, const Array<float>& values);
  void note_rates(const Sounds& sounds, std::vector<std::string>& notes) const;

  const Manifest& manifest_;
  double dt_ms_, loudest_ = 0;
  std::map<std::uint64_t, std::size_t> prints_;
  std::map<double, std::size_t> rates_hz_;  // rate -> the first sound that has it
  files::Scratch scratch_;
  std::vector<One> all_;
};

}  // namespace strffit::import
