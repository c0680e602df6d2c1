// Spectrograms and the responses to them, as recorded: formats.md, "Dataset".
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
// Nothing for any other word.
std::optional<SplitName> split_named(const std::string& word);

struct Stimulus {
  std::string key;       // of the group in the file
  std::string name;      // may be ""
  std::string category;  // may be ""
  std::optional<SplitName> split;
  Array<float> spectrogram;  // (F, T), finite
  Array<float> responses;    // (N, R, T) spike counts or rates, NaN = missing, never infinite;
                             // (N, 0, 0) where none are read or there are none

  std::int64_t frames() const { return spectrogram.dim(1); }
  std::int64_t trials() const { return responses.dim(1); }
};

// The row of a unit in the file, where a plain index counts the units that were read of it. A run
// of some of the units, or a shard, knows both.
enum class FileUnit : std::int64_t {};

struct Dataset {
  std::string file;
  std::string name;       // may be ""
  std::string reference;  // may be ""
  std::string sha256;     // of the file
  Axes axes;
  std::vector<std::string> unit_ids;      // (N) the units read
  std::vector<std::string> all_unit_ids;  // (N_all) the units of the file
  std::vector<FileUnit> file_units;       // (N) of N_all, ascending
  UnitFacts unit_facts;                   // of the units read, (N, ...)
  std::vector<Stimulus> stimuli;          // in lexicographic order of their keys
  std::vector<std::string> unrecorded;    // keys of the stimuli of the file without responses
  bool counts = false;  // every response is a non-negative integer, and there is one

  std::int64_t units() const { return static_cast<std::int64_t>(unit_ids.size()); }
  std::int64_t bands() const { return static_cast<std::int64_t>(axes.frequencies_hz.size()); }
};

// Given a dataset of which everything but spectrograms and responses is known: the indices of the
// stimuli whose are wanted.
using WantedStimuli = std::function<std::set<std::size_t>(const Dataset&)>;

// What is read of a dataset: recorded sounds only, or all sounds without responses.
enum class Content {
  recorded,  // the stimuli with responses, the others are left out; DataError where none has any
  sounds,    // every spectrogram, no responses; a file without units is taken
  all        // every spectrogram, and the responses where there are some
};

// Reads a dataset, of the responses only those of the units selected. `wanted`: the other stimuli
// have no frames and no trials, and nothing is said about what the file holds of them. DataError
// where the file breaks formats.md; ConfigError where the selection fits no unit.
Dataset read_dataset(const std::string& file, const UnitSelection& units = {},
                     const WantedStimuli& wanted = {}, Content content = Content::recorded);

// The same with some of its units alone, by their places, ascending.
Dataset with_units(const Dataset& dataset, const std::vector<std::int64_t>& units);

// What is known of the neurons that a simulated dataset comes from.
struct Truth {
  Array<float> strf;                      // (N, F, L), lag 0 = current frame
  std::vector<double> best_frequency_hz;  // (N)
  std::vector<double> latency_ms;         // (N)
};

// Writes `dataset` (a dataset of all its units; stimuli without trials get no responses) to `path`,
// with `truth`, if any, under /truth, which read_dataset() does not read.
void write_dataset(const std::string& path, const Dataset& dataset, const Truth* truth = nullptr);

}  // namespace strffit
