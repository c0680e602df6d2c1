// What a test sees of a run.
#pragma once

#include <cstdint>
#include <string>

#include "commands/train.hpp"

namespace strffit::test {

// Keeps what a run tells, and asks it to stop once `stop_at` epochs have passed.
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
  std::int64_t epoch = 0;   // the last one, of its ensemble
  std::int64_t epochs = 0;  // of all ensembles
  std::int64_t stop_at = -1;
};

}  // namespace strffit::test
