// The command `average`: one prediction of several runs.
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
  std::string data;               // "": what was fitted
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::string command_line;
};

struct WeighedRun {
  std::string run, model;
  std::int64_t members = 0;
  double weight = 0;    // all together 1; 0: left out, as validation chose
  Summary valid, test;  // cc_norm of its mean over units
};

struct AverageOutcome {
  std::string out;
  std::string weights;  // "equal", "given", "validation"
  std::vector<WeighedRun> runs;
  Summary valid, test;  // of the average
};

// Writes a run folder with the mean of the runs' predictions, each run's that of its members, and
// its scores: what eval, compare and predict take like any other run. ConfigError where protocols
// differ (compare), where a run holds several settings of a unit, and where the folder holds
// something else than such an average.
AverageOutcome average_runs(const AverageRequest& request, Observer& observer);

// A run, or a part of one, as its checkpoints.
struct RunToAverage {
  std::string name;
  std::vector<Checkpoint> parts;
  std::vector<double> shares;  // of its parts, together 1
};

// The same of runs that are read already. `request.runs` is not looked at.
AverageOutcome average_of_runs(const std::vector<RunToAverage>& runs, const AverageRequest& request,
                               Observer& observer);

Report to_report(const AverageOutcome& outcome);
std::string to_json(const AverageOutcome& outcome);

}  // namespace strffit
