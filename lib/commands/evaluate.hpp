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

struct Checkpoint;
struct RunStudy;

// p goes down to one in as many, and each thread holds the correlations of all draws.
inline constexpr std::int64_t kMostNullDraws = 1'000'000;

// What the rows of the table are.
enum class EvalBy {
  unit,      // each unit: means over its seeds, folds and settings
  member,    // each unit of each member
  sound,     // each stimulus: means over units
  category,  // the stimuli of each category together: means over units
};

struct EvalRequest {
  std::string path;  // run folder, checkpoint, average of runs; for evaluate_run() also study.h5
  std::string data;  // "": what it was fitted to
  std::string split = "test";  // train, valid, test, or all: every stimulus of the dataset
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::int64_t null = 0;     // draws of the null distribution, 0: none
  std::int64_t null_seed = 0;
  EvalBy by = EvalBy::unit;
  std::vector<std::string> units = {};  // as data.units; empty: all
};

// The part of an evaluation that is shown.
struct EvalView {
  std::vector<std::string> metrics = {};  // by name, in this order; empty: all
  std::string sort = {};  // a metric, best first, or "unit"; "": the order of the dataset
  bool summary = false;   // the summary alone
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
  std::string group = {};  // key of the stimulus, or category; "" of all stimuli of the split
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
  EvalBy by = EvalBy::unit;
  std::string chosen = {};         // which members were taken, of a sweep; "" for all
  std::int64_t outer = 0;          // > 0: `fold` counts outer folds of nested cross-validation
  std::int64_t units_of_file = 0;  // before some were asked for
  bool negative_rates = false;     // can be predicted, which bits_per_spike takes for almost none

  // True if a unit has several scores.
  bool several() const { return several_seeds || several_folds || several_settings; }
};

// The scores of a unit (and group), over seeds, folds and settings.
struct UnitRow {
  std::string unit, group;
  std::int64_t n = 0;            // scores
  std::vector<double> mean, sd;  // of each of kUnitMetrics, of those that are defined; sd of n - 1
  bool at_ceiling = false;       // mean cc within 2 standard errors of cc_max
};
std::vector<UnitRow> unit_rows(const Evaluation& evaluation);  // in the order of the scores

// Of an average of runs the scores are those of its one prediction (seed 0, fold 0). With folds, a
// unit's score on `valid` is that of the joined predictions of all folds, each of the
// stimuli that it held out. Null distributions are of `cc`; ConfigError where a stimulus is too
// short for them, or fewer shifts are possible than draws were asked for.
Evaluation evaluate(const EvalRequest& request, Observer& observer);

// Scores a run by its study.h5, if it has one. For a sweep it scores the best setting. For nested
// cross-validation and the split `test` it returns the stored scores of the models that each outer
// fold has chosen. Without study.h5 it does the same as evaluate().
Evaluation evaluate_run(const EvalRequest& request, Observer& observer);

// Does the same as evaluate() for members that have been read. Ignores `request.path`.
Evaluation evaluate_members(const Checkpoint& checkpoint, const EvalRequest& request,
                            Observer& observer);

// Starts the evaluation of nested cross-validation: everything but the scores.
Evaluation begun_nested_evaluation(const RunStudy& run);

// Fills in Evaluation::summary over units (and groups). Each of them counts once.
void summarise_units(Evaluation& evaluation);

// ConfigError if the view names an unknown metric.
Report to_report(const Evaluation& evaluation, const EvalView& view = {});
Table to_table(const Evaluation& evaluation, const EvalView& view = {});  // for CSV
// Includes unit_rows().
std::string to_json(const Evaluation& evaluation, const EvalView& view = {});

// Reads "unit", "member", "sound" or "category". ConfigError for any other word.
EvalBy eval_by(const std::string& word);
// Finds a metric by its name. ConfigError with the key `option` and the nearest name if there is no
// such metric.
const UnitMetricName& metric_named(const std::string& name, const std::string& option);

}  // namespace strffit
