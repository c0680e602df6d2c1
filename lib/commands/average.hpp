// The command `average`: averages the predictions of several runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/checkpoint.hpp"
#include "metrics/summarise.hpp"
#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct AverageRequest {
  std::vector<std::string> runs;  // run folders, checkpoints or averages of runs, two or more
  std::string weights = "equal";  // "equal", "validation", or numbers above 0: "0.65,0.35"
  std::string out;                // run folder to write
  std::string data;               // "": the dataset that was fitted
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::string command_line;
};

struct WeighedRun {
  std::string run, model;
  std::int64_t members = 0;
  double weight = 0;    // the weights add up to 1; 0: left out by the choice on validation
  Summary valid, test;  // cc_norm over units of the mean of this run's members
};

struct AverageOutcome {
  std::string out;
  std::string weights;  // "equal", "given", "validation"
  std::vector<WeighedRun> runs;
  Summary valid, test;  // of the average
};

// Writes a run folder with the weighted mean of the runs' predictions and its scores; a run's
// prediction is the mean over its members. eval, compare and predict take this folder like any
// other run. ConfigError if protocols differ (as for compare), if a run has several settings of a
// unit, and if the folder holds anything but an earlier average.
AverageOutcome average_runs(const AverageRequest& request, Observer& observer);

// A run, or a part of one, as its checkpoints.
struct RunToAverage {
  std::string name;
  std::vector<Checkpoint> parts;
  std::vector<double> shares;  // of its parts, together 1
};

// The same for runs that have been read. Ignores `request.runs`.
AverageOutcome average_of_runs(const std::vector<RunToAverage>& runs, const AverageRequest& request,
                               Observer& observer);

Report to_report(const AverageOutcome& outcome);
std::string to_json(const AverageOutcome& outcome);

}  // namespace strffit
