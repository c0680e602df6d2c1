// Progress of a long command: the library reports it, the program displays it.
#pragma once

#include <cstdint>
#include <string>

namespace strffit {

struct EpochReport {
  std::int64_t epoch = 0, max_epochs = 0;
  std::int64_t running = 0, members = 0;
  // Means over all members: of one that runs the values of this epoch, of one that has ended those
  // of its best epoch. Over those that still run they would seem to get worse as others end.
  double train_loss = 0, valid_loss = 0;
  // Mean over all members of the best score so far, and what it is: "cc_norm", "cc", or "loss",
  // which is better where it is lower. NaN in a refit, which nothing judges.
  double best_score = 0;
  std::string score_name = {};
  double seconds = 0;  // since training began in this process
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
