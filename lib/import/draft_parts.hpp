// Files from which a draft is guessed, and the draft. Internal to import.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strffit::import {

// The files of a folder, or a single file.
struct Listing {
  std::string folder;              // folder of the files
  std::vector<std::string> files;  // relative to the folder, in natural order

  // Files with this extension (".wav", lower case), also in subfolders.
  std::vector<std::string> ending(const std::string& ending) const;
  // Files of this name, also in subfolders.
  std::vector<std::string> called(const std::string& name) const;
};

// A draft, filled in by the sources: lines of YAML for each key of the manifest. The first source
// wins; others are mentioned in comments.
struct Draft {
  std::vector<std::string> comments;  // for the whole manifest
  std::vector<std::string> sounds, presentations, spikes, units, frames, spectrogram, stimuli;
  std::string sound_pattern;  // "stim{sound}.wav", if sounds are files
  std::vector<std::string> sound_names;
  std::int64_t n_sounds = 0;             // 0: unknown
  bool spikes_on_clock = false;          // spikes need presentations
  bool sounds_are_spectrograms = false;  // sounds have their own frames
};

}  // namespace strffit::import
