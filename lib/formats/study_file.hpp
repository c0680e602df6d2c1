// What a run with a sweep or nested folds found beyond the scores of its members: formats.md,
// "study.h5".
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

// By the scores on the validation stimuli, means over the seeds and folds in which a unit has one
// with any setting; a setting without one there gets no advantage of it. For each unit cc_norm, cc
// or -mse by judged_by(). A unit without a score whatever is done (its responses there are
// constant, or none) takes what is best for the others; where no unit has one, what fits the
// training stimuli best, by -mse.
struct Choice {
  std::string score;               // "cc_norm": what most units are judged by
  std::vector<double> valid;       // (settings) means over units; NaN where none has a score
  std::vector<double> test;        // (settings) the same score on the test stimuli; NaN without any
  std::int64_t best = -1;          // setting; -1 where there are no validation stimuli
  std::vector<std::int64_t> unit;  // (N_all) best setting of each unit; -1 where it was not fitted
};

// Scores of nested cross-validation: what is chosen in each outer fold on its inner folds predicts
// its test stimuli, by the mean of its models.
struct Nested {
  std::map<std::string, Array<double>> metrics;      // (outer, N_all)
  std::map<std::string, Array<double>> mean, error;  // (N_all) over outer folds, standard error
  std::map<std::string, std::pair<double, double>> of_units;  // mean over units: the same two
  Array<std::int64_t> setting;                      // (outer, N_all) chosen; -1: not fitted
  std::map<std::string, Array<float>> predictions;  // stimulus -> (N_all, T)
};
struct StudyFile {
  Roster roster;  // members of all ensembles, those of the first ensemble first
  Provenance provenance;
  std::string config;                      // YAML
  std::map<std::string, Metrics> metrics;  // by split
  Choice choice;
  std::vector<std::int64_t> ensemble_of;  // (settings)
  std::optional<Nested> nested;
  std::optional<Averaged> averaged;  // of all ensembles, where there are any
};

// Mean and standard error of those that are finite; NaN of none, the error of one alone.
std::pair<double, double> mean_and_error(const std::vector<double>& values);
// Of scores (outer, N_all): the same over outer folds of the mean over units in each.
std::pair<double, double> mean_over_units(const Array<double>& scores);

// Without the predictions of nested folds, if they are not wanted.
void write_study_file(const std::string& path, const StudyFile& study, bool predictions);

// Without predictions. DataError where the file breaks formats.md.
StudyFile read_study_file(const std::string& path);

}  // namespace strffit
