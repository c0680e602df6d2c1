// Sounds, presentations and spikes become stimuli with responses.
//
// Frame t of a sound is [t dt, (t + 1) dt) after its onset. A spike is in frame floor((time -
// onset) / dt); one that is less than 1e-6 frames ahead of an edge, as rounding leaves it, is
// behind it. The same sound played again is a trial; unequal numbers of trials are filled with NaN,
// and so is what a unit was not recorded for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/inspect.hpp"
#include "import/manifest.hpp"
#include "import/recording.hpp"
#include "util/observer.hpp"

namespace strffit::import {

// What happened to the spikes of a unit.
struct UnitTally {
  std::int64_t spikes = 0;  // of the source
  std::int64_t placed = 0;  // in a frame of a stimulus; one of two presentations counts twice
  std::int64_t before = 0;  // ahead of the onset of its sound, where spikes come by trial; else
  std::int64_t after = 0;   // outside of all presentations
};

struct Tally {
  std::vector<UnitTally> units;
  double first_onset_s = kNaN, last_offset_s = kNaN;  // of presentations
  double first_spike_s = kNaN, last_spike_s = kNaN;   // on their clock, or from the onset
  double longest_s = 0;                               // of a sound, where spikes come by trial
  std::int64_t presentations = 0;
};

// What of the recording is not a stimulus: a dataset without any.
struct Assembled {
  Dataset head;  // axes, units, facts, name
  Tally tally;
  std::vector<std::string> notes;  // what a person should know, with numbers
  std::vector<std::pair<std::string, std::string>>
      sources;  // file as the manifest sees it, SHA-256
};

// Gets one stimulus after the other, in the order of their keys; `extent` is that of all.
using UseStimulus =
    std::function<void(const Dataset& head, const Extent& extent, Stimulus&& stimulus)>;

// Reads everything; one sound and its responses are in memory at a time, and all spikes. DataError
// and ConfigError as the readers give them.
Assembled assemble(const Manifest& manifest, Observer& observer, const UseStimulus& use);

}  // namespace strffit::import
