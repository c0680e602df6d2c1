// A manifest: assigns the files of a lab to sounds, presentations and responses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "import/recording.hpp"
#include "import/source.hpp"
#include "sound/compression.hpp"
#include "sound/spectrogram.hpp"

namespace strffit::import {

struct FrameOptions {
  double dt_ms = 0;         // 0: frame width of the sounds, if these are spectrograms
  double before_ms = 0;     // kept before the onset, in whole frames
  double after_ms = 0;      // kept after the end, in whole frames
  double delay_ms = 0;      // from the recorded onset to the sound at the ear
  std::int64_t pieces = 1;  // number of stimuli into which each sound is cut
};

// Stimuli of a split: none, a list of names, a fraction, or those with the most trials.
struct MostTrials {};
using SplitPart = std::variant<std::monostate, std::vector<std::string>, double, MostTrials>;

struct SplitRule {
  SplitPart valid, test;
  std::string column;  // column of the table of stimuli, instead of both
  std::int64_t seed = 0;
  std::string where;  // position of the mapping, for messages
};

struct Manifest {
  std::string file;
  std::string folder;  // "" for the current folder
  std::string text;    // unchanged
  std::string name, reference;

  ReadSounds sounds;
  ReadPresentations presentations;  // null if not given
  ReadResponses responses;
  ReadFacts units, stimuli;  // null if not given
  std::string category;      // column of the table of stimuli, may be ""
  bool allow_overlap = false;
  FrameOptions frames;
  std::optional<SpectrogramOptions> spectrogram;  // none if sounds are spectrograms
  CompressionOptions compression;
  SplitRule split;
};

// Reads and checks every key without opening other files. ConfigError with line and
// column.
Manifest read_manifest(const std::string& file);
// The same for a text. `folder`: base of relative paths.
Manifest read_manifest_text(const std::string& text, const std::string& name,
                            const std::string& folder);

}  // namespace strffit::import
