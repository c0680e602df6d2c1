// The command `predict`.
#pragma once

#include <cstdint>
#include <string>

#include "util/observer.hpp"

namespace strffit {

struct PredictRequest {
  std::string path;  // run folder or checkpoint
  std::string data;  // dataset
  std::string out;   // file to write
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::string command_line;
};

struct PredictOutcome {
  std::string out;
  std::int64_t stimuli = 0, members = 0, units = 0;
};

// Writes the predictions of every member for every stimulus of a dataset (formats.md, Results).
PredictOutcome predict_file(const PredictRequest& request, Observer& observer);

}  // namespace strffit
