// A manifest: what of a lab's files is the sounds, when they were played, and what the units did.
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
  double dt_ms = 0;         // 0: as the sounds have it, where they are spectrograms
  double before_ms = 0;     // kept ahead of the onset, whole frames
  double after_ms = 0;      // and behind the end
  double delay_ms = 0;      // from an onset as noted to the sound at the ear
  std::int64_t pieces = 1;  // into which a sound is cut, each a stimulus
};

// Which stimuli of a split: none, some by name, a share, or those with the most trials.
struct MostTrials {};
using SplitPart = std::variant<std::monostate, std::vector<std::string>, double, MostTrials>;

struct SplitRule {
  SplitPart valid, test;
  std::string column;  // of the table of stimuli, in place of both
  std::int64_t seed = 0;
  std::string where;  // of the mapping, for messages
};

struct Manifest {
  std::string file;
  std::string folder;  // "" for the current one
  std::string text;    // as it stands
  std::string name, reference;

  ReadSounds sounds;
  ReadPresentations presentations;  // null where there is none
  ReadResponses responses;
  ReadFacts units, stimuli;  // null where there is none
  std::string category;      // column of the table of stimuli, may be ""
  bool allow_overlap = false;
  FrameOptions frames;
  std::optional<SpectrogramOptions> spectrogram;  // none where the sounds come as spectrograms
  CompressionOptions compression;
  SplitRule split;
};

// Reads and checks every key; no file but the manifest is opened. ConfigError at its line and
// column.
Manifest read_manifest(const std::string& file);
// The same of a text; `folder`: that of its relative paths.
Manifest read_manifest_text(const std::string& text, const std::string& name,
                            const std::string& folder);

}  // namespace strffit::import
