// What the sources of a manifest are guessed from, and the guess. Internal to import.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strffit::import {

// The files of a folder, or the one file that was named.
struct Listing {
  std::string folder;              // where they are
  std::vector<std::string> files;  // relative to it, in their natural order

  // Those with this ending (".wav", lower case), in any folder below.
  std::vector<std::string> ending(const std::string& ending) const;
  // The files called so, in any folder below.
  std::vector<std::string> called(const std::string& name) const;
};

// What the sources say of a listing. Lines of YAML below the key that they belong to; a first
// source wins, others are said in comments.
struct Draft {
  std::vector<std::string> comments;  // of the whole
  std::vector<std::string> sounds, presentations, spikes, units, frames, spectrogram, stimuli;
  std::string sound_pattern;  // "stim{sound}.wav", where the sounds are files
  std::vector<std::string> sound_names;
  std::int64_t n_sounds = 0;             // 0: not known
  bool spikes_on_clock = false;          // they need presentations
  bool sounds_are_spectrograms = false;  // they have frames of their own
};

}  // namespace strffit::import
