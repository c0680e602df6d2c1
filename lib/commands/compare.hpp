// The command `compare`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/significance.hpp"
#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct CompareRequest {
  std::vector<std::string> paths;  // run folders or checkpoints, at least two
  std::string data;                // "": what each was fitted to
  std::string split = "test";      // train, valid, test or all
  std::string metric = "cc_norm";
  bool averaged = false;           // the scores of the means of members, where a unit has several
  std::int64_t resamples = 10000;  // of the bootstrap, >= 1
  std::int64_t seed = 0;           // of the bootstrap
  std::string plot;                // folder for scatter plots, "": none
  std::string format = "png";      // of them: png, svg or pdf
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
};

struct ComparedRun {
  std::string path, model;
  std::int64_t seeds = 0, folds = 0;  // averaged over; folds 0: none, or joined
  bool joined = false;                // one score of the held-out predictions of all folds
  std::int64_t outer = 0;     // folds of nested cross-validation: scores of the run, not of members
  bool own_settings = false;  // units have settings of a sweep of their own
  std::int64_t mean_of = 0;   // members whose mean prediction is scored; 0: scores are of members
  std::vector<double> scores;  // of Comparison::units; NaN where undefined in any seed, fold
};

// A run against the first.
struct ComparedPair {
  std::size_t run = 0;
  std::int64_t units = 0;     // with a score in both
  std::int64_t higher = 0;    // of them, higher than in the first
  MedianInterval difference;  // run - first
  SignedRankTest test;
  std::string figure;  // file, or ""
};

struct Comparison {
  std::string metric, split;
  std::int64_t stimuli = 0;  // -1: all, in nested folds
  std::int64_t resamples = 0, seed = 0;
  std::vector<std::string> units;  // of all runs, in the order of the dataset
  std::vector<ComparedRun> runs;
  std::vector<ComparedPair> pairs;  // of each run but the first
  struct LeftOut {
    std::string run;                 // the first that lacks them
    std::vector<std::string> units;  // of another run
  };
  std::vector<LeftOut> left_out = {};
};

// Scores all runs anew. A unit's score is its mean over seeds and folds, or with `averaged` that of
// its members' mean prediction; with folds on `valid` that
// of the joined predictions. Of a sweep each unit may have one setting. On `test` a
// run with nested folds has the scores of its study.h5. ConfigError, naming the
// difference and the cure, where runs differ in frame width, smoothing, outer folds, stimuli
// scored or (without `data`) the dataset's content, and where they share no unit.
Comparison compare_runs(const CompareRequest& request, Observer& observer);

// One row for each run but the first: differences from the first run and their test.
Table differences(const Comparison& comparison);
Report to_report(const Comparison& comparison);
Table to_table(const Comparison& comparison);  // of the scores, for CSV
std::string to_json(const Comparison& comparison);

}  // namespace strffit
