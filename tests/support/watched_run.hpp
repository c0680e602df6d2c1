// Observers of runs for tests.
#pragma once

#include <cstdint>
#include <string>

#include "commands/train.hpp"

namespace strffit::test {

// Records the messages of a run, and requests a stop after `stop_at` epochs.
class Watcher : public TrainObserver {
 public:
  void began(const std::string& what) override { told += what + "\n"; }
  void warning(const std::string& message) override { told += "warning: " + message + "\n"; }
  void epoch_done(const EpochReport& report) override {
    epoch = report.epoch;
    ++epochs;
  }
  void log_to(const std::string& path, bool append) override {
    log = path;
    appended = append;
  }
  bool stop_requested() override { return stop_at >= 0 && epochs >= stop_at; }

  std::string told, log;
  bool appended = false;
  std::int64_t epoch = 0;   // last epoch of its ensemble
  std::int64_t epochs = 0;  // of all ensembles
  std::int64_t stop_at = -1;
};

}  // namespace strffit::test
