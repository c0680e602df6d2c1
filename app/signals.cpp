#include "signals.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <thread>

#include "exit_codes.hpp"

namespace strffit::app {

namespace {

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may write it");

// Schedulers kill soon after they have asked.
constexpr std::chrono::seconds kPatience{4};
constexpr std::chrono::milliseconds kLook{50};

extern "C" void on_signal(int number) {
  if (requested && number == SIGINT) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  requested = true;
}

// Ends a program that is in the middle of something long when it is asked to stop: on the disk is
// the state of the last epoch that was saved, and files are whole at any moment.
[[noreturn]] void end_in_time() {
  while (!requested) std::this_thread::sleep_for(kLook);
  std::this_thread::sleep_for(kPatience);
  constexpr std::string_view message =
      "stopped on request in the middle of a long step; go on with --resume from what was saved "
      "last\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, message.data(), message.size());
  std::quick_exit(kStopped);
}

}  // namespace

void stop_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) std::signal(number, on_signal);
  std::thread(end_in_time).detach();
}

bool stop_requested() { return requested; }

void fail_writes_at_size_limit() { std::signal(SIGXFSZ, SIG_IGN); }

}  // namespace strffit::app
