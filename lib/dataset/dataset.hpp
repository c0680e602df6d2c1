// Spectrograms and recorded responses: formats.md, "Dataset".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dataset/units.hpp"
#include "util/array.hpp"
#include "util/axes.hpp"

namespace strffit {

enum class SplitName { train, valid, test };

std::string to_string(SplitName split);
// Returns nothing for any other word.
std::optional<SplitName> split_named(const std::string& word);

struct Stimulus {
  std::string key;       // name of its group in the file
  std::string name;      // may be ""
  std::string category;  // may be ""
  std::optional<SplitName> split;
  Array<float> spectrogram;  // (F, T), finite
  Array<float> responses;    // (N, R, T) spike counts or rates, NaN = missing, never infinite;
                             // (N, 0, 0) if there are none or they were not read

  std::int64_t frames() const { return spectrogram.dim(1); }
  std::int64_t trials() const { return responses.dim(1); }
};

// Index of a unit in the file. A plain index counts only the units that were read; the two differ
// in a shard and in a run of some of the units.
enum class FileUnit : std::int64_t {};

struct Dataset {
  std::string file;
  std::string name;       // may be ""
  std::string reference;  // may be ""
  std::string sha256;     // of the file's bytes
  Axes axes;
  std::vector<std::string> unit_ids;      // (N) units that were read
  std::vector<std::string> all_unit_ids;  // (N_all) units in the file
  std::vector<FileUnit> file_units;       // (N) indices into all_unit_ids, ascending
  UnitFacts unit_facts;                   // (N, ...), of the units that were read
  std::vector<Stimulus> stimuli;          // sorted by key
  std::vector<std::string> unrecorded;    // keys of the file's stimuli without responses
  bool counts = false;                    // true if there are responses and all are integers >= 0

  std::int64_t units() const { return static_cast<std::int64_t>(unit_ids.size()); }
  std::int64_t bands() const { return static_cast<std::int64_t>(axes.frequencies_hz.size()); }
};

// Chooses the stimuli whose spectrograms and responses are read. Its argument has everything else;
// it returns indices into Dataset::stimuli.
using WantedStimuli = std::function<std::set<std::size_t>(const Dataset&)>;

// Which parts of a dataset to read.
enum class Content {
  recorded,  // stimuli with responses only; DataError if there are none
  sounds,    // all spectrograms, no responses; the file needs no units
  all        // all spectrograms, and the responses that there are
};

// Reads a dataset, with the responses of the selected units only. A stimulus that `wanted` leaves
// out has 0 frames and 0 trials, and its arrays are not checked. DataError if the file breaks
// formats.md; ConfigError if the selection matches no unit.
Dataset read_dataset(const std::string& file, const UnitSelection& units = {},
                     const WantedStimuli& wanted = {}, Content content = Content::recorded);

// A copy with some of the units. `units`: indices into unit_ids, ascending.
Dataset with_units(const Dataset& dataset, const std::vector<std::int64_t>& units);

// The true properties of simulated neurons.
struct Truth {
  Array<float> strf;                      // (N, F, L), lag 0 = current frame
  std::vector<double> best_frequency_hz;  // (N)
  std::vector<double> latency_ms;         // (N)
};

// Writes `dataset`, which must contain all its units, to `path`. Stimuli without trials get no
// responses. `truth` goes to /truth, which read_dataset() ignores.
void write_dataset(const std::string& path, const Dataset& dataset, const Truth* truth = nullptr);

}  // namespace strffit
