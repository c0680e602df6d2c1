// Combines sounds, presentations and spikes into stimuli with responses.
//
// Frame t of a sound is [t dt, (t + 1) dt) after its onset. A spike belongs to frame floor((time -
// onset) / dt). A spike less than 1e-6 frames before an edge counts as after it, because of
// rounding. Each repetition of a sound is a trial. NaN fills up unequal numbers of trials, and
// times at which a unit was not recorded.
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

// Everything of a recording except its stimuli.
struct Assembled {
  Dataset head;  // axes, units, facts, name; no stimuli
  Tally tally;
  std::vector<std::string> notes;                            // findings for the user, with numbers
  std::vector<std::pair<std::string, std::string>> sources;  // path as in the manifest, SHA-256
};

// Receives the stimuli one at a time, sorted by key. `extent`: of all stimuli.
using UseStimulus =
    std::function<void(const Dataset& head, const Extent& extent, Stimulus&& stimulus)>;

// Reads the recording. Memory holds all spikes and one sound with its responses. Throws the
// DataErrors and ConfigErrors of the readers.
Assembled assemble(const Manifest& manifest, Observer& observer, const UseStimulus& use);

}  // namespace strffit::import
