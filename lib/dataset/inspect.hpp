// What a dataset holds and whether it is sound, as far as it can be said without a model or a
// metric.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/split.hpp"

namespace strffit {

struct StimulusSummary {
  std::string key, name, category;
  std::optional<SplitName> split;
  std::int64_t frames = 0;
  double seconds = 0;
  std::int64_t trials = 0;  // R
  double missing = 0;       // share of the responses that are NaN, 0 to 1; NaN where none are
  double response_per_second =
      0;  // mean over units, trials and frames present; spikes/s for counts
};

struct UnitSummary {
  std::string id;
  double response_per_second = 0;  // over all trials and frames present; NaN where none is
  std::int64_t stimuli = 0;        // with a response
  std::int64_t trials_fewest = 0;  // trials with any response, over the stimuli with a response
  std::int64_t trials_most = 0;
  double missing = 0;     // share of the responses that are NaN, 0 to 1; NaN where none are
  bool constant = false;  // the same value wherever there is one
};

// Two stimuli of different splits with the same spectrogram: what is learnt from one is no secret
// in the other.
struct Leak {
  std::size_t first, second;  // indices into Dataset::stimuli
};

struct DatasetSummary {
  std::vector<StimulusSummary> stimuli;
  std::vector<UnitSummary> units;
  std::vector<Leak> leaks;
  double seconds = 0;  // of all stimuli
};

// `leaks` are those between the splits that the file itself names.
DatasetSummary summarise(const Dataset& dataset);

// Leaks between the sides of a partition.
std::vector<Leak> find_leaks(const Dataset& dataset, const Partition& partition);

}  // namespace strffit
