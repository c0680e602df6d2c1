#include "console.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "signals.hpp"
#include "util/report.hpp"

namespace strffit::app {

namespace {

constexpr double kSecondsBetweenLines = 10;
constexpr int kMostWarnings = 20;        // lines of them on the screen
constexpr std::int64_t kLinesARun = 20;  // at least, where epochs are fast

// A part is left out where the run has no such number (no validation stimuli).
std::string part(const char* name, double value) {
  return std::isnan(value) ? "" : fmt::format(", {} {:.4g}", name, value);
}

std::string line_of(const EpochReport& report, std::int64_t epochs_here) {
  const double left = report.seconds / static_cast<double>(epochs_here) *
                      static_cast<double>(report.max_epochs - report.epoch);
  return fmt::format("epoch {}/{}{}{}{}, {} of {} members running", report.epoch, report.max_epochs,
                     part("train loss", report.train_loss), part("valid loss", report.valid_loss),
                     part("valid score", report.valid_score), report.running, report.members) +
         (report.running > 0 ? ", at most " + duration(left) + " left" : "");
}

std::shared_ptr<spdlog::logger> logger(const std::string& name, spdlog::sink_ptr sink) {
  auto made = std::make_shared<spdlog::logger>(name, std::move(sink));
  made->flush_on(spdlog::level::info);
  // A log that cannot be written (full disk) must not end a fit that can.
  made->set_error_handler([told = false](const std::string& what) mutable {
    if (!told) std::fprintf(stderr, "warning: %s\n", what.c_str());
    told = true;
  });
  return made;
}

}  // namespace

Console::Console()
    : screen_(logger("screen", std::make_shared<spdlog::sinks::stderr_sink_st>())),
      terminal_(isatty(STDERR_FILENO) == 1) {
  screen_->set_pattern("%v");
}

void Console::log_to(const std::string& path, bool append) {
  try {
    log_ = logger("log", std::make_shared<spdlog::sinks::basic_file_sink_st>(path, !append));
    log_->set_pattern("%Y-%m-%dT%H:%M:%S %l: %v");
    for (const auto& [level, message] : told_) log_->log(level, message);
    told_.clear();
  } catch (const spdlog::spdlog_ex& error) {
    warning(std::string("no log: ") + error.what());
  }
}

void Console::tell(spdlog::level::level_enum level, const std::string& text) {
  // Ids come from files: an escape in one would change the terminal.
  std::string message = text;
  std::replace_if(
      message.begin(), message.end(),
      [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }, '?');
  if (level == spdlog::level::warn && ++warnings_ >= kMostWarnings) {
    if (warnings_ == kMostWarnings) {
      clear_line();
      screen_->warn("warning: there are more; they are in the log of the run alone");
    }
    if (log_) {
      log_->log(level, message);
    } else {
      told_.emplace_back(level, message);
    }
    return;
  }
  clear_line();
  const char* const prefix = level == spdlog::level::err    ? "error: "
                             : level == spdlog::level::warn ? "warning: "
                                                            : "";
  screen_->log(level, prefix + message);
  if (log_) {
    log_->log(level, message);
  } else {
    told_.emplace_back(level, message);
  }
}

void Console::began(const std::string& what) { tell(spdlog::level::info, what); }

void Console::warning(const std::string& message) { tell(spdlog::level::warn, message); }

void Console::error(const std::string& message) { tell(spdlog::level::err, message); }

void Console::epoch_done(const EpochReport& report) {
  if (report.epoch <= logged_epoch_) first_epoch_ = logged_epoch_ = 0;  // the next ensemble's
  if (first_epoch_ == 0) first_epoch_ = report.epoch;
  const std::string line = line_of(report, report.epoch - first_epoch_ + 1);
  if (is_due(report)) {
    if (log_) log_->info(line);
    if (!terminal_) screen_->info(line);
    logged_ = Clock::now();
    logged_epoch_ = report.epoch;
  }
  if (!terminal_) return;
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  line_drawn_ = true;
}

bool Console::is_due(const EpochReport& report) const {
  const std::int64_t few = std::max<std::int64_t>(1, report.max_epochs / kLinesARun);
  return logged_epoch_ == 0 || report.running == 0 || report.epoch == report.max_epochs ||
         report.epoch - logged_epoch_ >= few ||
         std::chrono::duration<double>(Clock::now() - logged_).count() >= kSecondsBetweenLines;
}

bool Console::stop_requested() {
  const bool requested = app::stop_requested();
  if (requested && !stop_told_) began("asked to stop: saving");
  stop_told_ = stop_told_ || requested;
  return requested;
}

void Console::clear_line() {
  if (!line_drawn_) return;
  std::fprintf(stderr, "\n");
  line_drawn_ = false;
}

}  // namespace strffit::app
