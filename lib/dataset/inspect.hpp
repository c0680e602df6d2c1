// What a dataset holds and whether it is sound, as far as it can be said without a model or a
// metric.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/following.hpp"
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

// Stimuli with one and the same spectrogram, by their indices into Dataset::stimuli, ascending.
using Repeats = std::vector<std::vector<std::size_t>>;

// Two of those in different splits: what is learnt from one is no secret in the other.
struct Leak {
  std::size_t first, second;  // indices into Dataset::stimuli
  auto operator<=>(const Leak&) const = default;
};

struct DatasetSummary {
  std::vector<StimulusSummary> stimuli;
  std::vector<UnitSummary> units;
  Repeats repeats;
  std::vector<Leak> leaks;
  double seconds = 0;  // of all stimuli
};

// `leaks` are those between the splits that the file itself names.
DatasetSummary summarise(const Dataset& dataset);

// What looks as if it were in other units than formats.md asks for.
struct Doubts {
  Following following;
  double skewness = 0;  // of the spectrograms' values above the lowest; NaN where some are below 0
  std::vector<std::string>
      warnings;  // each says what was seen, what it probably is, how to mend it
};

// What of a dataset is known before its stimuli are.
struct Extent {
  Axes axes;
  std::int64_t units = 0;
  std::int64_t frames = 0;     // of all stimuli
  std::int64_t responses = 0;  // numbers, NaN included, of all stimuli
};

// Of a dataset whose stimuli pass by one after the other, before anything is smoothed. What is
// large is looked at in part: a few tenths of a second at most, and some megabytes.
class DoubtsWatch {
 public:
  explicit DoubtsWatch(const Extent& extent);
  void see(const Stimulus& stimulus);
  // `counts`: the responses are whole numbers, none below 0.
  Doubts doubts(bool counts) &&;

 private:
  double skewness_above_floor();

  Extent extent_;
  FollowingWatch following_;
  std::size_t step_ = 1, place_ = 0;  // among the values of spectrograms
  std::vector<float> values_;
  std::vector<std::int64_t> units_;
  std::vector<double> by_frame_;      // spikes of all stimuli
  double frames_present_ = 0;         // of all trials
  std::int64_t shortest_frames_ = 0;  // of a stimulus
};

// The same of a dataset in memory.
Doubts doubts_about(const Dataset& dataset);

// Leaks between the sides of any of these partitions, each once, in order.
std::vector<Leak> find_leaks(const Dataset& dataset, const std::vector<Partition>& partitions);

}  // namespace strffit
