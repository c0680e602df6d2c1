// The command `eval`.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "commands/protocol.hpp"
#include "metrics/null_correlation.hpp"
#include "metrics/summarise.hpp"
#include "metrics/unit_metrics.hpp"
#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

// p goes down to one in as many, and each thread holds the correlations of all draws.
inline constexpr std::int64_t kMostNullDraws = 1'000'000;

struct EvalRequest {
  std::string path;            // run folder or checkpoint, or an average of runs
  std::string data;            // "": what it was fitted to
  std::string split = "test";  // train, valid, test, or all: every stimulus of the dataset
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::int64_t null = 0;     // draws of the null distribution, 0: none
  std::int64_t null_seed = 0;
};

struct UnitScore {
  std::string unit;
  std::int64_t seed = 0;
  std::int64_t fold = 0;  // -1: joined over folds
  UnitMetrics metrics;
  std::string why;                                      // a metric is NaN; "" where none is
  NullScore null;                                       // NaN where none was asked for
  double q = std::numeric_limits<double>::quiet_NaN();  // of null.p over the units of a seed, fold
  std::int64_t setting = 0;                             // of a sweep
};

// Scores of the mean of the members' predictions, as of a model of its own; with folds of the
// members that did not see a stimulus.
struct AveragedScores {
  std::int64_t members = 0;       // of a unit and setting, at most
  bool of_folds = false;          // a stimulus has the mean of those that did not see it
  std::vector<UnitScore> scores;  // by setting, then unit; fold -1
  std::vector<Summary> summary;   // of each of kUnitMetrics
};

struct Evaluation {
  std::string checkpoint, data, split, model;
  std::int64_t stimuli = 0;
  bool several_seeds = false, several_folds = false;
  std::vector<UnitScore> scores;  // in the order of members, then units
  std::vector<Summary> summary;   // of each of kUnitMetrics
  Protocol protocol;
  NullOptions null;  // min_shift: the model's context and 100 ms
  bool several_settings = false;
  std::optional<AveragedScores> averaged;  // where units have several members with a setting
  std::vector<std::string> notes;          // what a reader of the scores must know
};

// Of an average of runs the scores are those of its one prediction (seed 0, fold 0). With folds, a
// unit's score on `valid` is that of the joined predictions of all folds, each of the
// stimuli that it held out. Null distributions are of `cc`; ConfigError where a stimulus is too
// short for them, or fewer shifts are possible than draws were asked for.
Evaluation evaluate(const EvalRequest& request, Observer& observer);

Report to_report(const Evaluation& evaluation);
Table to_table(const Evaluation& evaluation);  // of all scores, for CSV
std::string to_json(const Evaluation& evaluation);

}  // namespace strffit
