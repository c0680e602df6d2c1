// What a study says beyond the scores of its members: the best setting of a sweep, and how good
// nested cross-validation finds what it chose. Written as <run>/study.h5 (formats.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "formats/results.hpp"
#include "study/study.hpp"

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

// Of all members of a study, those of its ensembles one after the other.
struct AllMembers {
  Roster roster;
  std::vector<std::int64_t> ensemble_of;   // (settings)
  std::map<std::string, Metrics> metrics;  // by split, (M, N)
};

// Reads the results of every ensemble below the run folder.
AllMembers read_members(const Study& study, const std::string& run);

// `folds`: per fold, whether its members count; empty: all.
Choice choose(const AllMembers& all, Monitor monitor, const std::vector<char>& folds = {});

// Scores of nested cross-validation: what is chosen in each outer fold on its inner folds predicts
// its test stimuli, by the mean of its models.
struct Nested {
  std::map<std::string, Array<double>> metrics;      // (outer, N_all)
  std::map<std::string, Array<double>> mean, error;  // (N_all) over outer folds, standard error
  std::map<std::string, std::pair<double, double>> of_units;  // mean over units: the same two
  Array<std::int64_t> setting;                      // (outer, N_all) chosen; -1: not fitted
  std::map<std::string, Array<float>> predictions;  // stimulus -> (N_all, T)
};
Nested score_nested(const Study& study, const AllMembers& all, const std::string& run);

struct StudyOutcome {
  std::map<std::string, std::vector<std::string>> settings;  // as of Roster
  Choice choice;
  std::map<std::string, std::pair<double, double>> nested;  // Nested::of_units
  std::int64_t outer = 0;
  std::map<std::string, Metrics> metrics;  // of all members
};

// Chooses, scores and writes study.h5. The ensembles have their results.
StudyOutcome finish_study(const Study& study, const std::string& run, Provenance provenance);

}  // namespace strffit
