// Progress of a long command: the library reports it, the program displays it.
#pragma once

#include <cstdint>
#include <string>

namespace strffit {

struct EpochReport {
  std::int64_t epoch = 0, max_epochs = 0;
  std::int64_t running = 0, members = 0;
  double train_loss = 0, valid_loss = 0, valid_score = 0;  // means over running members
  double seconds = 0;                                      // since training began in this process
};

// All calls come from the thread that called the command.
class Observer {
 public:
  virtual ~Observer() = default;
  // The name of a stage, for the log: "ridge: 20 penalties, ...".
  virtual void began(const std::string& what) { (void)what; }
  virtual void epoch_done(const EpochReport& report) { (void)report; }
  virtual void warning(const std::string& message) { (void)message; }
  // Called between steps of the work. True ends it as soon as the state for resuming is saved.
  virtual bool stop_requested() { return false; }
};

}  // namespace strffit
