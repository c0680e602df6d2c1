// What a recording is made of, as the readers of files hand it over: sounds, when they were played,
// and what the units did.
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
  std::string key;          // of the stimulus: the file's name without ending
  std::string name;         // what {sound} stands for
  std::string label;        // as it was found: "stim7.wav"
  bool distinct = false;    // never the same as another, whatever its values
  std::int64_t number = 0;  // from 1: what {sound} is in the path of a MATLAB file
  // One of the two: read when it is needed, so that one sound at a time is in memory.
  std::function<Sound()> waveform = {};
  std::function<Array<float>()> spectrogram = {};  // (F, T), finite
};

class Sounds {
 public:
  std::vector<SoundEntry> list;
  // Of sounds that come as spectrograms; 0 and empty for those that come as sound.
  double dt_ms = 0;
  std::vector<double> frequencies_hz;  // (F), ascending

  bool are_spectrograms() const { return dt_ms > 0; }

  // The index of the sound that `text` names: by name, with or without ending and folder. -1 where
  // there is none, -2 where several are meant.
  std::int64_t find(const std::string& text) const;
  // "stim1, stim2, stim3 and 17 more": for messages.
  std::string described() const;

 private:
  mutable std::map<std::string, std::set<std::size_t>> names_;
};

// A sound was played.
struct Presentation {
  std::size_t sound = 0;   // index into Sounds::list
  double onset_s = 0;      // on the recording's clock
  double offset_s = kNaN;  // NaN where the source does not say
  std::string where;       // "events.csv:14"
};

// From, to: on the recording's clock, s.
using Interval = std::pair<double, double>;

struct SpikeTrain {
  std::vector<double> times_s;     // ascending, on the recording's clock
  std::vector<Interval> observed;  // ascending; empty: always
};

// Spikes on the clock of the recording; they need presentations.
struct ClockSpikes {
  std::vector<SpikeTrain> units;  // (N)
};

// Spikes that come by sound and trial, from the sound's onset.
struct TrialSpikes {
  struct Trial {
    std::size_t unit = 0, sound = 0;
    std::int64_t trial = 0;       // from 0
    std::vector<double> times_s;  // ascending; negative before the onset
  };
  std::vector<Trial> trials;
};

// Numbers (counts, voltages, fluorescence) in frames of their own, on the recording's clock.
struct ClockFrames {
  double dt_ms = 0;
  Array<float> values;  // (N, T)
};

// Numbers in frames by sound and trial.
struct TrialFrames {
  double dt_ms = 0;
  std::map<std::size_t, Array<float>> sounds;  // index -> (N, R, T)
};

struct Responses {
  std::vector<std::string> ids;  // (N) of the units
  UnitFacts facts;               // (N), what the source knows of them
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

// A table of facts about sounds or units: a name a row.
struct Facts {
  std::string file;
  std::vector<std::string> names;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> cells;  // a row a name, a cell a column
};

// What a reader needs beside its own options, and leaves.
struct Reading {
  std::string folder;              // of the manifest: relative paths start here
  std::set<std::string> sources;   // files that were read, by their paths as resolved
  std::vector<std::string> notes;  // what a person should know, with numbers

  // The path of a file named in the manifest.
  std::string path(const std::string& given) const;
  // The same, and remembers it as a source.
  std::string source(const std::string& given);
};

}  // namespace strffit::import
