// The file study.h5: results of a run with a sweep or nested folds, in addition to the scores of
// its members (formats.md, "study.h5").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/averaged.hpp"
#include "formats/provenance.hpp"
#include "formats/results.hpp"
#include "formats/roster.hpp"
#include "util/array.hpp"

namespace strffit {

// The best setting of a sweep, by scores on the validation stimuli. The score of a unit is cc_norm,
// cc or -mse, see judged_by(). Means over seeds and folds include those in which the unit has a
// score with at least one setting; a setting without a score there gains nothing from this. A unit
// without any validation score (for example with constant responses) uses the setting that is best
// for the other units. If no unit has a validation score, the choice uses -mse on the training
// stimuli.
struct Choice {
  std::string score;          // the score of most units, such as "cc_norm"
  std::vector<double> valid;  // (settings) means over units; NaN if no unit has a score
  // (settings) the same score on the test stimuli; NaN without test stimuli
  std::vector<double> test;
  std::int64_t best = -1;          // index of the setting; -1 without validation stimuli
  std::vector<std::int64_t> unit;  // (N_all) best setting of each unit; -1 if it was not fitted
};

// Results of nested cross-validation. The inner folds of each outer fold choose a setting. The mean
// of the models with this setting predicts the test stimuli of the outer fold.
struct Nested {
  std::map<std::string, Array<double>> metrics;  // (outer, N_all)
  // (N_all) mean over outer folds, and its standard error
  std::map<std::string, Array<double>> mean, error;
  // mean over units and its standard error
  std::map<std::string, std::pair<double, double>> of_units;
  Array<std::int64_t> setting;                      // (outer, N_all) chosen setting; -1: not fitted
  std::map<std::string, Array<float>> predictions;  // stimulus -> (N_all, T)
};
struct StudyFile {
  Roster roster;  // members of all ensembles, in the order of the ensembles
  Provenance provenance;
  std::string config;                      // YAML
  std::map<std::string, Metrics> metrics;  // key: split
  Choice choice;
  std::vector<std::int64_t> ensemble_of;  // (settings) the ensemble of each setting
  std::optional<Nested> nested;
  std::optional<Averaged> averaged;  // over all ensembles; nothing if there are no averages
};

// Mean and standard error of the finite values. NaN if there are none. The error is NaN if there is
// only one.
std::pair<double, double> mean_and_error(const std::vector<double>& values);
// For scores (outer, N_all): takes the mean over units in each outer fold, then mean_and_error()
// over the outer folds.
std::pair<double, double> mean_over_units(const Array<double>& scores);

// Writes study.h5. `predictions`: true to include the predictions of nested folds. RunError if the
// file cannot be written.
void write_study_file(const std::string& path, const StudyFile& study, bool predictions);

// Reads study.h5 without predictions. DataError if the file violates formats.md.
StudyFile read_study_file(const std::string& path);

}  // namespace strffit
