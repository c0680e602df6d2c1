// One finished run as figures and pages show it: its members grouped by unit, its scores, its
// predictions, and what was recorded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "evaluation/fitted.hpp"
#include "formats/checkpoint.hpp"
#include "formats/results.hpp"
#include "formats/study_file.hpp"
#include "metrics/strf_summary.hpp"
#include "util/observer.hpp"

namespace strffit {

// An output of a member that predicts a unit.
struct Place {
  std::int64_t member = 0, output = 0;
};

struct RunView {
  std::string given;   // the path as it was given
  std::string folder;  // where results.h5 lies; of a sweep over shapes the best setting's ensemble
  Checkpoint checkpoint;
  std::optional<Results> results;  // of a run folder
  std::optional<StudyFile> study;  // of a sweep or nested folds
  Strfs strfs;
  std::string setting;  // of a sweep, the one that is shown: "fit.l1: 0.01"
  std::string split;    // of the scores that are shown: "test", else "valid" or "train"
  std::vector<std::vector<Place>> places;  // of each unit of the roster, those of the setting shown
  std::int64_t seeds = 1, folds = 1;       // among them
  mutable std::vector<StrfSummary> tuning = {};  // see unit_tuning()

  const Roster& roster() const { return checkpoint.roster; }
  std::int64_t units() const { return checkpoint.roster.units(); }
  // The values of receptive fields that are shown; raw where the bands' spread is not known.
  void show(Weights weights);
  // "mean of 5 seeds and 2 folds", "" where a unit has one member.
  std::string averaged() const;
};

// Reads a run folder, a sweep (its best setting, by study.h5) or a checkpoint. DataError where
// there is none, or it is unsound.
RunView open_run(const std::string& path, Observer& observer);

// Means over the members of each unit; NaN where one of them has none, or where there are no such
// scores. With nested folds the nested scores.
std::vector<double> unit_scores(const RunView& view, const std::string& metric);
// The metrics that unit_scores() knows.
std::vector<std::string> known_metrics(const RunView& view);

// Places of units by their ids, in the order asked for; all where none are asked for. ConfigError
// naming --units and the nearest id.
std::vector<std::int64_t> units_named(const RunView& view, const std::vector<std::string>& ids);

// What was recorded of some units.
struct Recorded {
  Dataset dataset;  // the units asked for; of the sounds asked for, spectrograms and responses
  std::vector<std::int64_t> units;        // of the roster, by place in the dataset
  std::vector<std::size_t> sounds;        // in `dataset`, those asked for
  std::vector<std::vector<char>> unseen;  // (sounds, folds) whether a fold's members did not train
                                          // on it
  bool counts = false;                    // responses are spike counts, as they were fitted
  double smooth_ms = 0;
};

// `sounds`: keys; none: those of the split that is shown. `data`: "" for what was fitted.
// ConfigError naming --sounds and the nearest key.
Recorded read_recorded(const RunView& view, const std::vector<std::int64_t>& units,
                       const std::vector<std::string>& sounds, const std::string& data);

// Facts about all units of the roster, from the dataset; none where it is gone. Words and numbers,
// one a unit.
struct Fact {
  std::vector<double> numbers;     // (units), or
  std::vector<std::string> words;  // (units)
};
std::map<std::string, Fact> unit_facts(const RunView& view, const std::string& data,
                                       Observer& observer);

// The mean prediction of the members of each unit for a sound, (units, T). Of a sound that the
// members of some folds trained on, those of the others, if any.
std::vector<std::vector<double>> predictions(const RunView& view, const Recorded& recorded,
                                             std::size_t sound, const RunOptions& run);

// The receptive field of a unit, mean over its members: (C, F, L), or of kinds whose kernels belong
// to hidden units the gradient STRF, (1, F, L). Empty where there is neither.
struct UnitStrf {
  std::vector<float> values;
  std::vector<std::string> channels;
  bool gradient = false;
  std::string value_label;  // what the values are, with their unit
};
UnitStrf unit_strf(const RunView& view, std::int64_t unit);

// The channel with the most power, (F, L); `strf` is not empty.
std::vector<float> strongest_channel(const UnitStrf& strf);

// What the strongest channel of every unit's receptive field says in a few numbers, computed at the
// first call on `threads` threads; NaN where there is no field. Not thread-safe.
const std::vector<StrfSummary>& unit_tuning(const RunView& view, int threads);

}  // namespace strffit
