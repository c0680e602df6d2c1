// The command `predict`.
#pragma once

#include <cstdint>
#include <string>

#include "util/observer.hpp"

namespace strffit {

struct PredictRequest {
  std::string path;       // run folder or checkpoint
  std::string data;       // dataset
  std::string out;        // file to write
  bool averaged = false;  // the means of members alone
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::string command_line;
};

struct PredictOutcome {
  std::string out;
  std::int64_t stimuli = 0, members = 0, units = 0;
  bool averaged = false;
};

// Writes the predictions of every member for every stimulus of a dataset (formats.md, Results), or
// of their means: of folds, for the stimuli of the dataset that was fitted, over the members that
// did not see them. A unit's only member is its mean. An average of runs is one member that
// predicts all units.
PredictOutcome predict_file(const PredictRequest& request, Observer& observer);

}  // namespace strffit
