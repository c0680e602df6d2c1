// Summary and plausibility checks of a dataset, without a model or a metric.
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
  double missing = 0;       // fraction of responses that are NaN; NaN if there are none
  double response_per_second =
      0;  // mean over units, trials and frames present; spikes/s for counts
};

struct UnitSummary {
  std::string id;
  double response_per_second = 0;  // mean over trials and frames present; NaN if none is
  std::int64_t stimuli = 0;        // with a response
  std::int64_t trials_fewest = 0;  // trials with a response, minimum over these stimuli
  std::int64_t trials_most = 0;
  double missing = 0;     // fraction of responses that are NaN; NaN if there are none
  bool constant = false;  // all responses have the same value
};

// Groups of stimuli with the same spectrogram, as indices into Dataset::stimuli, ascending.
using Repeats = std::vector<std::vector<std::size_t>>;

// Two stimuli with the same spectrogram in different splits: the model has seen the test sound.
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

// `leaks`: between the splits stored in the file.
DatasetSummary summarise(const Dataset& dataset);

// Signs that the data are in other units of measurement than formats.md requires.
struct Doubts {
  Following following;
  double skewness = 0;  // of the spectrogram values above the lowest; NaN if any is below 0
  std::vector<std::string> warnings;  // each says what was found, the probable cause and the remedy
};

// Facts about a dataset that are known before its stimuli are read.
struct Extent {
  Axes axes;
  std::int64_t units = 0;
  std::int64_t frames = 0;     // of all stimuli
  std::int64_t responses = 0;  // number of values of all stimuli, NaN included
};

// Checks the units of measurement, one stimulus at a time, before any smoothing. Large data are
// sampled: a few tenths of a second and some megabytes at most.
class DoubtsWatch {
 public:
  explicit DoubtsWatch(const Extent& extent);
  void see(const Stimulus& stimulus);
  // `counts`: all responses are integers >= 0.
  Doubts doubts(bool counts) &&;

 private:
  double skewness_above_floor();
  void see_bands(const Stimulus& stimulus);
  std::string warning_of_quiet_bands() const;

  Extent extent_;
  FollowingWatch following_;
  std::size_t step_ = 1, place_ = 0;  // stride and position in the values of the spectrograms
  std::vector<float> values_;
  std::vector<std::int64_t> units_;
  std::vector<double> by_frame_;      // spikes per frame, summed over all stimuli
  double frames_present_ = 0;         // summed over all trials
  std::int64_t shortest_frames_ = 0;  // of the shortest stimulus
  // Of each band: frames seen, mean, and sum of squares around it.
  std::vector<double> band_mean_, band_squares_;
  double band_frames_ = 0;
};

// Runs the same checks on a dataset in memory.
Doubts doubts_about(const Dataset& dataset);

// Leaks between the splits of any of these partitions, each once, sorted.
std::vector<Leak> find_leaks(const Dataset& dataset, const std::vector<Partition>& partitions);

}  // namespace strffit
