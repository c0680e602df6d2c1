#include "console.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "signals.hpp"
#include "terminal.hpp"
#include "util/report.hpp"

namespace strffit::app {

namespace {

constexpr double kSecondsBetweenLines = 10;
constexpr int kMostWarnings = 20;        // lines of them on the screen
constexpr std::int64_t kLinesARun = 20;  // at least, where epochs are fast

// The parts of a line about an epoch, what says most first. A part is left out where the run has no
// such number (no validation stimuli).
std::vector<std::string> parts_of(const EpochReport& report, std::int64_t epochs_here) {
  std::vector<std::string> parts = {fmt::format("epoch {}/{}", report.epoch, report.max_epochs)};
  if (!std::isnan(report.best_score)) {
    parts.push_back(fmt::format("best {} {:.4g}", report.score_name, report.best_score));
  }
  parts.push_back(
      fmt::format("{} of {} members stopped", report.members - report.running, report.members));
  if (report.running > 0) {
    const double left = report.seconds / static_cast<double>(epochs_here) *
                        static_cast<double>(report.max_epochs - report.epoch);
    parts.push_back("at most " + duration(left) + " left");
  }
  const auto add = [&parts](const char* name, double value) {
    if (!std::isnan(value)) parts.push_back(fmt::format("{} {:.4g}", name, value));
  };
  add("train loss", report.train_loss);
  add("valid loss", report.valid_loss);
  return parts;
}

// Joins the parts that fit into `width` characters (0: all). The first part is always kept.
std::string line_of(const std::vector<std::string>& parts, std::size_t width) {
  std::string line = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (width > 0 && line.size() + 2 + parts[i].size() > width) break;
    line += ", " + parts[i];
  }
  return width > 0 ? line.substr(0, width) : line;
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
      redraws_(has_control_characters(STDERR_FILENO)),
      colours_(has_colours(STDERR_FILENO)) {
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
  const bool silent = volume_ == Volume::quiet && level < spdlog::level::warn;
  const bool counted = level == spdlog::level::warn && volume_ != Volume::verbose;
  if (counted && ++warnings_ >= kMostWarnings) {
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
  if (!silent) {
    clear_line();
    screen_->log(level, prefix_of(level) + message);
  }
  if (log_) {
    log_->log(level, message);
  } else {
    told_.emplace_back(level, message);
  }
}

std::string Console::prefix_of(spdlog::level::level_enum level) const {
  const auto coloured = [this](const char* text, const char* colour) {
    return colours_ ? fmt::format("\033[{}m{}\033[0m ", colour, text) : fmt::format("{} ", text);
  };
  if (level == spdlog::level::err) return coloured("error:", "1;31");
  if (level == spdlog::level::warn) return coloured("warning:", "33");
  return "";
}

void Console::began(const std::string& what) { tell(spdlog::level::info, what); }

void Console::warning(const std::string& message) { tell(spdlog::level::warn, message); }

void Console::error(const std::string& message) { tell(spdlog::level::err, message); }

void Console::epoch_done(const EpochReport& report) {
  if (report.epoch <= logged_epoch_) first_epoch_ = logged_epoch_ = 0;  // the next ensemble's
  if (first_epoch_ == 0) first_epoch_ = report.epoch;
  const auto parts = parts_of(report, report.epoch - first_epoch_ + 1);
  const bool due = is_due(report);
  if (due) {
    const std::string line = line_of(parts, 0);
    if (log_) log_->info(line);
    if (!redraws_ && volume_ != Volume::quiet) screen_->info(line);
    logged_ = Clock::now();
    logged_epoch_ = report.epoch;
  }
  if (!redraws_ || volume_ == Volume::quiet) return;
  // The last column is left free: a terminal may go on to the next line after it.
  const std::string line = line_of(parts, columns_of(STDERR_FILENO) - 1);
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  line_drawn_ = true;
  if (volume_ == Volume::verbose) clear_line();
}

bool Console::is_due(const EpochReport& report) const {
  const std::int64_t few = std::max<std::int64_t>(1, report.max_epochs / kLinesARun);
  return volume_ == Volume::verbose || logged_epoch_ == 0 || report.running == 0 ||
         report.epoch == report.max_epochs || report.epoch - logged_epoch_ >= few ||
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
