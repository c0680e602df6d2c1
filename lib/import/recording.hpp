// The parts of a recording, as the readers return them: sounds, presentations and
// responses.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dataset/units.hpp"
#include "sound/audio.hpp"
#include "util/array.hpp"
#include "util/nan.hpp"

namespace strffit::import {

struct SoundEntry {
  std::string key;          // of the stimulus: file name without extension
  std::string name;         // value of {sound}
  std::string label;        // as found: "stim7.wav"
  bool distinct = false;    // never merged with an equal sound
  std::int64_t number = 0;  // from 1: value of {sound} in a path of a MATLAB file
  // One of the two. Read on demand, so that memory holds one sound at a time.
  std::function<Sound()> waveform = {};
  std::function<Array<float>()> spectrogram = {};  // (F, T), finite
};

class Sounds {
 public:
  std::vector<SoundEntry> list;
  // For sounds given as spectrograms; otherwise 0 and empty.
  double dt_ms = 0;
  std::vector<double> frequencies_hz;  // (F), ascending

  bool are_spectrograms() const { return dt_ms > 0; }

  // Index of the sound that `text` names, with or without extension and folder. -1 if there is
  // none, -2 if it is ambiguous.
  std::int64_t find(const std::string& text) const;
  // "stim1, stim2, stim3 and 17 more": for messages.
  std::string described() const;

 private:
  mutable std::map<std::string, std::set<std::size_t>> names_;
};

// One playback of a sound.
struct Presentation {
  std::size_t sound = 0;   // index into Sounds::list
  double onset_s = 0;      // on the recording's clock
  double offset_s = kNaN;  // NaN if unknown
  std::string where;       // "events.csv:14"
};

// Start and end on the recording's clock, s.
using Interval = std::pair<double, double>;

struct SpikeTrain {
  std::vector<double> times_s;     // ascending, on the recording's clock
  std::vector<Interval> observed;  // ascending; empty: all the time
};

// Spikes on the clock of the recording, which need presentations.
struct ClockSpikes {
  std::vector<SpikeTrain> units;  // (N)
};

// Spikes by sound and trial, with times relative to the onset of the sound.
struct TrialSpikes {
  struct Trial {
    std::size_t unit = 0, sound = 0;
    std::int64_t trial = 0;       // from 0
    std::vector<double> times_s;  // ascending; negative before the onset
  };
  std::vector<Trial> trials;
};

// Numbers (counts, voltages, fluorescence) with their own frames, on the recording's clock.
struct ClockFrames {
  double dt_ms = 0;
  Array<float> values;  // (N, T)
};

// Numbers in frames, by sound and trial.
struct TrialFrames {
  double dt_ms = 0;
  std::map<std::size_t, Array<float>> sounds;  // index -> (N, R, T)
};

struct Responses {
  std::vector<std::string> ids;  // (N) of units
  UnitFacts facts;               // (N) metadata from the source
  std::variant<ClockSpikes, TrialSpikes, ClockFrames, TrialFrames> values;

  bool need_presentations() const {
    return std::holds_alternative<ClockSpikes>(values) ||
           std::holds_alternative<ClockFrames>(values);
  }
  bool are_spikes() const {
    return std::holds_alternative<ClockSpikes>(values) ||
           std::holds_alternative<TrialSpikes>(values);
  }
};

// A table of metadata of sounds or units, one row per name.
struct Facts {
  std::string file;
  std::vector<std::string> names;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> cells;  // one row per name, one cell per column
};

// Input and output of a reader beside its options.
struct Reading {
  std::string folder;              // of the manifest; base of relative paths
  std::set<std::string> sources;   // resolved paths of the files read
  std::vector<std::string> notes;  // findings for the user, with numbers

  // Path of a file named in the manifest.
  std::string path(const std::string& given) const;
  // The same, and adds it to the sources.
  std::string source(const std::string& given);
};

}  // namespace strffit::import
