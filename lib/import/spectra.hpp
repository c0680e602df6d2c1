// The spectrograms of the sounds that were played. Internal to import.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "import/manifest.hpp"
#include "import/recording.hpp"
#include "util/array.hpp"
#include "util/observer.hpp"

namespace strffit::import {

// Sounds of the same samples, which are one stimulus.
struct Spectrum {
  std::vector<std::size_t> sounds;  // indices into Sounds::list, ascending; one or more
  Array<float> spectrogram;         // (F, T), compressed
};

// Of the sounds in `played`, each read once, one at a time.
std::vector<Spectrum> spectra_of(const Manifest& manifest, const Sounds& sounds,
                                 const std::vector<bool>& played, double dt_ms, Observer& observer,
                                 std::vector<std::string>& notes);

}  // namespace strffit::import
