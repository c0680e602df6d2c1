// One finished run, prepared for figures and reports: members grouped by unit, scores, predictions
// and recorded responses.
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

// One output of a member.
struct Place {
  std::int64_t member = 0, output = 0;
};

struct RunView {
  std::string given;  // the path as it was given

  std::string folder;  // where results.h5 lies; of a sweep over shapes the best setting's ensemble
  Checkpoint checkpoint;
  std::optional<Results> results;  // only for a run folder
  std::optional<StudyFile> study;  // only for a sweep or nested folds
  Strfs strfs;
  std::string setting;  // the setting of a sweep that is shown, for instance "fit.l1: 0.01"
  std::string split;    // split of the scores that are shown: "test", otherwise "valid" or "train"

  std::vector<std::vector<Place>> places;  // of each unit of the roster, those of the setting shown
  std::int64_t seeds = 1, folds = 1;       // numbers of seeds and folds among these places
  mutable std::vector<StrfSummary> tuning = {};  // cache of unit_tuning()

  const Roster& roster() const { return checkpoint.roster; }
  std::int64_t units() const { return checkpoint.roster.units(); }
  // Chooses which values of receptive fields are shown: raw if the bands' spread is not known.
  void show(Weights weights);
  // For instance "mean of 5 seeds and 2 folds"; "" if every unit has one member.
  std::string averaged() const;
};

// Opens a run folder, a sweep (its best setting, from study.h5) or a checkpoint. Throws DataError
// if it is missing or damaged.
RunView open_run(const std::string& path, Observer& observer);

// Mean score of each unit over its members. NaN if a member has no score, or if the metric is
// missing. For nested folds, the nested scores.
std::vector<double> unit_scores(const RunView& view, const std::string& metric);
// Names of the metrics that unit_scores() accepts.
std::vector<std::string> known_metrics(const RunView& view);

// Roster indices of the units with these ids, in this order; all units if `ids` is empty. Throws
// ConfigError that names --units and the nearest id.
std::vector<std::int64_t> units_named(const RunView& view, const std::vector<std::string>& ids);

// Recorded responses of some units.
struct Recorded {
  Dataset dataset;  // the selected units; spectrograms and responses of the selected sounds
  std::vector<std::int64_t> units;  // roster index of each unit of the dataset
  std::vector<std::size_t> sounds;  // indices of the selected sounds in `dataset`

  std::vector<std::vector<char>> unseen;  // (sounds, folds) whether a fold's members did not train
                                          // on it
  bool counts = false;                    // responses are spike counts, as in the fit
  double smooth_ms = 0;
};

// Reads the responses. `sounds`: keys; empty: the sounds of the split that is shown. `data`: path
// of the dataset; "": the dataset of the fit. Throws ConfigError that names --sounds and the
// nearest key.
Recorded read_recorded(const RunView& view, const std::vector<std::int64_t>& units,
                       const std::vector<std::string>& sounds, const std::string& data);

// Facts about all units of the roster, from the dataset; empty if it is missing. A fact has either
// numbers or words.
struct Fact {
  std::vector<double> numbers;     // (units), or empty
  std::vector<std::string> words;  // (units), or empty
};
std::map<std::string, Fact> unit_facts(const RunView& view, const std::string& data,
                                       Observer& observer);

// Mean prediction of each unit for a sound over its members, (units, T). If some folds trained on
// the sound, only the members of the other folds are used, unless there are none.
std::vector<std::vector<double>> predictions(const RunView& view, const Recorded& recorded,
                                             std::size_t sound, const RunOptions& run);

// STRF of a unit, mean over its members: (C, F, L). For kinds whose kernels belong to hidden units,
// the gradient STRF, (1, F, L). Empty if there is neither.
struct UnitStrf {
  std::vector<float> values;
  std::vector<std::string> channels;
  bool gradient = false;
  std::string value_label;  // what the values are, with their unit
};
UnitStrf unit_strf(const RunView& view, std::int64_t unit);

// The channel with the highest power, (F, L). `strf` must not be empty.
std::vector<float> strongest_channel(const UnitStrf& strf);

// Summary of the strongest channel of every unit's STRF (best frequency, latency and so on).
// Computed in the first call, with `threads` threads. NaN for units without an STRF. Not
// thread-safe.
const std::vector<StrfSummary>& unit_tuning(const RunView& view, int threads);

}  // namespace strffit
