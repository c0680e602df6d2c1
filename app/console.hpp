// What a person sees: messages, warnings and progress on stderr, and in the log of a run.
#pragma once

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands/train.hpp"

namespace strffit::app {

// What of the messages is on the screen; the log of a run has all that `usual` shows, of `verbose`
// every epoch.
enum class Volume { quiet, usual, verbose };

class Console : public TrainObserver {
 public:
  Console();

  void began(const std::string& what) override;
  void epoch_done(const EpochReport& report) override;
  void warning(const std::string& message) override;
  bool stop_requested() override;
  void log_to(const std::string& path, bool append) override;

  void error(const std::string& message);
  void set_volume(Volume volume) { volume_ = volume; }

 private:
  using Clock = std::chrono::steady_clock;

  void tell(spdlog::level::level_enum level, const std::string& text);
  void clear_line();
  std::string prefix_of(spdlog::level::level_enum level) const;
  bool is_due(const EpochReport& report) const;

  std::shared_ptr<spdlog::logger> screen_;
  std::shared_ptr<spdlog::logger> log_;                                  // null until a run begins
  std::vector<std::pair<spdlog::level::level_enum, std::string>> told_;  // for the log, until then
  bool redraws_;                                                         // one line again and again
  bool colours_;
  Volume volume_ = Volume::usual;
  int warnings_ = 0;
  bool line_drawn_ = false;
  bool stop_told_ = false;
  std::int64_t first_epoch_ = 0;   // of this process
  std::int64_t logged_epoch_ = 0;  // in the last line of the log
  Clock::time_point logged_ = {};
};

}  // namespace strffit::app
