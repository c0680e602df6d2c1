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
#include "import/tally.hpp"
#include "util/observer.hpp"

namespace strffit::import {

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
