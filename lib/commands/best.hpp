// The command `best`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/average.hpp"
#include "util/observer.hpp"

namespace strffit {

struct BestRequest {
  std::string run;        // run folder of a sweep
  std::string out;        // checkpoint to write
  bool per_unit = false;  // each unit's own best setting instead of that of most units
  // Settings whose predictions are averaged, the best ones, 2 or more; 0: none. Then `out` is a run
  // folder (commands/average.hpp).
  std::int64_t average = 0;
  std::string weights = "equal";  // of this average: "equal", "validation", or numbers
  std::string device = "auto";    // likewise
  std::int64_t threads = 0;       // 0: all
  std::string command_line = {};
};

struct BestFile {
  std::string path;
  std::int64_t members = 0;
};

struct BestOutcome {
  // One, or per unit where ensembles are several, one for each that is best for some unit:
  // "best-ensemble-1.h5" for "best.h5".
  std::vector<BestFile> files;
  std::vector<std::string> values;  // "fit.weight_decay: 0.1" of the best setting; per unit none
};

// Cuts the checkpoint of a finished sweep down to the best setting by validation score, with all
// its seeds and folds. ConfigError where the run is no sweep, and for `per_unit` where a member
// predicts all units; DataError where no best setting is marked.
BestOutcome cut_to_best(const BestRequest& request);

// Averages the best settings by validation score, each with all its seeds and folds. ConfigError
// where fewer have such a score than are asked for.
AverageOutcome average_best(const BestRequest& request, Observer& observer);

}  // namespace strffit
