// The command `train`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/summarise.hpp"
#include "study/selection.hpp"
#include "training/estimate.hpp"
#include "util/observer.hpp"

namespace strffit {

struct TrainRequest {
  std::string config;                    // YAML file
  std::vector<std::string> assignments;  // "model.hidden=40"
  bool resume = false;
  bool overwrite = false;
  std::string shard;         // "3/8": of the members the third of eight shares; "": all
  std::string command_line;  // for the record
};

class TrainObserver : public Observer {
 public:
  // The run begins: log to this file, with the messages so far. `append`: after an earlier
  // part of the same run.
  virtual void log_to(const std::string& path, bool append) {
    (void)path;
    (void)append;
  }
};

// What --dry-run tells: the run in numbers, and what it will need.
struct DryRun {
  std::string model, device;
  std::int64_t units = 0, stimuli = 0, seeds = 0, folds = 0, settings = 1, ensembles = 1;
  Estimate needs;
};

struct SplitScores {
  std::string split;
  Summary cc, cc_norm;  // over units and members
};

struct TrainOutcome {
  std::string folder;
  bool was_finished = false;  // nothing had to be done
  std::int64_t epochs = 0, members = 0, stopped_early = 0, failed = 0;
  double seconds = 0;
  std::vector<SplitScores> scores;    // not of a shard
  std::vector<SplitScores> averaged;  // of the means of members, where there are several; likewise
  std::optional<StudyOutcome> study;  // of a sweep or nested folds
};

// Trains into the run folder that the configuration names. Stopped once everything needed to go on
// is saved; ConfigError, DataError, RunError as their classes say.
TrainOutcome train_run(const TrainRequest& request, TrainObserver& observer);

// Reads configuration and data, writes nothing.
DryRun dry_run(const TrainRequest& request, Observer& observer);

}  // namespace strffit
