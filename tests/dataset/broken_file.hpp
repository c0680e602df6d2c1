// A small sound dataset made through HDF5 itself, which tests then break in one place.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/make_h5.hpp"

namespace strffit::test {

inline const std::string kSpectrogram = "/stimuli/a/spectrogram",
                         kResponses = "/stimuli/a/responses", kFrequencies = "/frequencies_hz",
                         kIds = "/units/id";

// 3 bands, 2 units, stimuli "a" (2 trials, 6 frames) and "b" (1 trial, 4 frames).
void make_sound_dataset(const std::string& path);

struct Breakage {
  std::string name;
  std::function<void(H5::H5File&)> apply;
  std::string message;  // what follows "FILE: ", or a part of it
};

// Everything that is wrong with a dataset in one way.
std::vector<Breakage> breakages();

// Those of types, sizes and links; part of breakages().
void add_storage_breakages(std::vector<Breakage>& all);

}  // namespace strffit::test
